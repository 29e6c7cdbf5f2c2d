import doctest
import re
import shutil

from tests.lakes import ROOT, SAMPLE

_SESSION = re.compile(r"^```pycon\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_readme_s_python_says_what_it_says(sample_lake, key_file, tmp_path, monkeypatch):
    sessions = _SESSION.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    (tmp_path / "data" / "sample").mkdir(parents=True)
    shutil.copy(SAMPLE, tmp_path / "data" / "sample")
    shutil.copytree(sample_lake, tmp_path / "data" / "lake")
    (tmp_path / "data" / "keys").mkdir()
    shutil.copy(key_file, tmp_path / "data" / "keys" / "signing-key.json")
    monkeypatch.chdir(tmp_path)
    said = []

    for number, text in enumerate(sessions):
        test = doctest.DocTestParser().get_doctest(text, {}, f"session {number}", "README.md", 0)
        doctest.DocTestRunner().run(test, out=said.append)

    assert sessions
    assert said == []
