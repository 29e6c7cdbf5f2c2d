"""A disk that records all it is asked, and what would be left of a folder by a crash at any time.

A file's bytes survive once it was synced, a name once its directory was (or everything was). What
was not may survive too, whole or in part: nobody promises either. So each moment has several
worlds, from the kindest to the harshest, and each must do.
"""

import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from pith_builder.disk import Disk

DIRECTORY = "directory"
"""What a directory's name stands for, where a file's stands for its contents' number."""


@dataclass(frozen=True)
class Operation:
    """One thing that a disk was asked: what, of which file or name, and with what."""

    name: str
    path: Path | None = None
    file: int = 0
    data: bytes = b""
    to: Path | None = None

    def __str__(self):
        places = [str(place) for place in (self.path, self.to) if place is not None]
        size = f"{len(self.data)} bytes" if self.data else ""
        return " ".join(filter(None, (self.name, *places, size)))


class _Recorded(io.FileIO):
    """A file whose writes are noted as they reach the system, not as they reach a buffer."""

    def __init__(self, disk, path, mode, number):
        super().__init__(path, mode)
        self._disk = disk
        self.number = number

    def write(self, data):
        self._disk.asked("write")
        written = super().write(data)
        self._disk.note("write", file=self.number, data=bytes(memoryview(data)[:written]))
        return written


class RecordingDisk(Disk):
    """The real disk, noting every operation below a folder in the order it was done."""

    def __init__(self, folder):
        self.folder = folder
        self.before = Contents.of(folder)
        self.operations = []
        self._files = len(self.before.bytes)

    def asked(self, name):
        """Be asked for an operation: here one may be refused."""

    def note(self, name, path=None, to=None, **what):
        """Note an operation that was done, its places relative to the folder."""
        inside = [place and place.relative_to(self.folder) for place in (path, to)]
        self.operations.append(Operation(name, inside[0], to=inside[1], **what))

    def add_directory(self, path):
        self.asked("mkdir")
        missing = [place for place in (path, *path.parents) if not place.exists()]
        super().add_directory(path)
        for place in reversed(missing):
            self.note("mkdir", place)

    def create(self, path):
        return self._opened("create", path, "wb")

    def create_private(self, path):
        super().create_private(path).close()
        return self._opened("create", path, "wb")

    def append(self, path):
        return self._opened("append", path, "ab")

    def _opened(self, name, path, mode):
        self.asked(name)
        self._files += 1
        file = _Recorded(self, path, mode, self._files)
        self.note(name, path, file=file.number)
        return io.BufferedWriter(file)

    def open_lock(self, path):
        self.asked("lock")  # and not noted: what the lock file says matters to no one after a crash
        return super().open_lock(path)

    def sync(self, file):
        file.flush()
        self.asked("fsync")
        super().sync(file)
        self.note("fsync", file=file.raw.number)

    def sync_written(self, path):
        self.asked("fsync")
        super().sync_written(path)
        self.note("fsync path", path)

    def replace(self, partial, final):
        self.asked("rename")
        super().replace(partial, final)
        self.note("rename", partial, to=final)

    def name_new(self, partial, final):
        self.asked("link")
        super().name_new(partial, final)
        self.note("link", partial, to=final)

    def sync_directory(self, path):
        self.asked("fsync directory")
        super().sync_directory(path)
        if path not in self.folder.parents:
            self.note("fsync directory", path)

    def sync_everything(self):
        self.asked("sync all")
        self.note("sync all")  # the machine's other disks are spared

    def remove(self, path):
        self.asked("unlink")
        there = path.exists()
        super().remove(path)
        if there:
            self.note("unlink", path)

    def remove_directory(self, path):
        self.asked("rmdir")
        super().remove_directory(path)
        self.note("rmdir", path)


class FailingDisk(RecordingDisk):
    """A disk that refuses, from one operation on, all of some kinds: or that one alone.

    Attributes:
        count: How many operations it was asked for.
        refused: What it refused first, or None.
    """

    def __init__(self, folder, fails_at, error, kinds=None, *, once=False):
        super().__init__(folder)
        self.count = 0
        self.refused = None
        self._fails_at = fails_at
        self._error = error
        self._kinds = kinds
        self._once = once

    def asked(self, name):
        self.count += 1
        is_due = self.count == self._fails_at if self._once else self.count >= self._fails_at
        if is_due and (self._kinds is None or name in self._kinds):
            self.refused = self.refused or name
            raise OSError(self._error, os.strerror(self._error))


@dataclass
class Contents:
    """A folder: what each directory names, and the bytes of each file by its number."""

    names: dict[Path, dict[str, int | str]] = field(default_factory=dict)
    bytes: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, folder):
        """Read a real folder, or begin with none."""
        found = cls({Path(): {}})
        for place in sorted(folder.rglob("*")) if folder.exists() else ():
            inside = place.relative_to(folder)
            if place.is_dir():
                found.names[inside] = {}
                found.names[inside.parent][inside.name] = DIRECTORY
            elif inside.name != ".lock":
                number = len(found.bytes) + 1
                found.names[inside.parent][inside.name] = number
                found.bytes[number] = place.read_bytes()
        return found

    def files(self, directory=Path()):
        """Return the files and directories that can be reached from the top, as a sorted list."""
        found = []
        for name, what in sorted(self.names[directory].items()):
            place = directory / name
            if what == DIRECTORY:
                found.append((place, None))
                found += self.files(place)
            else:
                found.append((place, self.bytes[what]))
        return found


class Wreck:
    """A folder as a disk with caches has it after some operations: what is sure and what is not.

    Attributes:
        seen: What a program sees that runs on, and that the next one sees after a mere kill.
        sure: What no crash takes away.
    """

    def __init__(self, before):
        self.seen = Contents({**before.names}, {**before.bytes})
        self.sure = Contents({**before.names}, {**before.bytes})
        self._versions = {}
        self._unsynced = []
        self._emptied = set()

    def do(self, operation):
        """Do one operation more."""
        getattr(self, "_" + operation.name.replace(" ", "_"))(operation)

    def _create(self, operation):
        self._open(operation)

    def _append(self, operation):
        self._open(operation)

    def _write(self, operation):
        self.seen.bytes[operation.file] += operation.data
        self._unsynced.append((operation.file, len(operation.data)))

    def _fsync(self, operation):
        self._sync(operation.file)

    def _fsync_path(self, operation):
        self._sync(self.seen.names[operation.path.parent][operation.path.name])

    def _mkdir(self, operation):
        self._name(operation.path.parent, {operation.path.name: DIRECTORY})
        self.seen.names.setdefault(operation.path, {})
        self.sure.names.setdefault(operation.path, {})

    def _link(self, operation):
        what = self.seen.names[operation.path.parent][operation.path.name]
        self._name(operation.to.parent, {operation.to.name: what})

    def _rename(self, operation):
        directory = operation.path.parent  # the same for both names: a rename is one step
        what = self.seen.names[directory][operation.path.name]
        self._name(directory, {operation.to.name: what, operation.path.name: None})

    def _unlink(self, operation):
        self._name(operation.path.parent, {operation.path.name: None})

    _rmdir = _unlink

    def _fsync_directory(self, operation):
        self._sync_directory(operation.path)

    def _sync_all(self, _operation):
        for directory in self.seen.names:
            self._sync_directory(directory)
        for file in self.seen.bytes:
            self._sync(file)

    def _open(self, operation):
        directory, name = operation.path.parent, operation.path.name
        there = self.seen.names[directory].get(name)
        self.seen.bytes[operation.file] = b""
        self.sure.bytes[operation.file] = b""
        if there is not None:
            # Emptying a file is as unsure as writing it; what is appended to keeps its bytes.
            self.sure.bytes[operation.file] = self.sure.bytes[there]
            if operation.name == "append":
                self.seen.bytes[operation.file] = self.seen.bytes[there]
            else:
                self._emptied.add(operation.file)
            for contents in (self.seen, self.sure):
                for place, names in contents.names.items():
                    same = {n: operation.file for n, what in names.items() if what == there}
                    contents.names[place] = {**names, **same}
        else:
            self._name(directory, {name: operation.file})

    def _name(self, directory, changes):
        names = self.seen.names[directory]
        self._versions.setdefault(directory, []).append(names)
        changed = {**names, **changes}
        self.seen.names[directory] = {n: what for n, what in changed.items() if what is not None}

    def _sync(self, file):
        self.sure.bytes[file] = self.seen.bytes[file]
        self._emptied.discard(file)
        self._unsynced = [write for write in self._unsynced if write[0] != file]

    def _sync_directory(self, directory):
        self.sure.names[directory] = self.seen.names[directory]
        self._versions.pop(directory, None)

    def killed(self, _random):
        """The program was killed: the system has all it was given."""
        return self.seen

    def lost(self, _random):
        """The power failed: nothing that was not synced is there, neither bytes nor names."""
        return self.sure

    def torn(self, random):
        """The power failed within the last write that was not synced: a part of it is there."""
        if not self._unsynced:
            return self.seen
        file, size = self._unsynced[-1]
        data = self.seen.bytes[file]
        cut = {file: data[: len(data) - random.randint(1, size)]}
        return Contents(self.seen.names, {**self.seen.bytes, **cut})

    def hollow(self, _random):
        """The power failed: the names are there, the bytes that were not synced are not."""
        return Contents(self.seen.names, self.sure.bytes)

    def mixed(self, random):
        """The power failed: of each directory and each file, more or less is there."""
        names = {
            directory: random.choice([self.sure.names[directory], *versions, now])
            for directory, now in self.seen.names.items()
            for versions in [self._versions.get(directory, [])]
        }
        contents = {**self.seen.bytes}
        for file in dict(self._unsynced):
            sure, data = self.sure.bytes[file], self.seen.bytes[file]
            least = 0 if file in self._emptied else len(sure)
            contents[file] = random.choice([sure, data, data[: random.randint(least, len(data))]])
        return Contents(names, contents)


DRAWN = (Wreck.torn, Wreck.mixed)
WORLDS = (Wreck.killed, Wreck.lost, Wreck.hollow, *DRAWN)


def worlds(disk, seed, draws=1):
    """Yield every world of every moment of what was recorded: how it came about, and its files.

    Of worlds that are drawn at random there are so many draws.
    """
    wreck, random = Wreck(disk.before), Random(seed)  # noqa: S311 - wanted: the same each time
    for count in range(len(disk.operations) + 1):
        if count:
            wreck.do(disk.operations[count - 1])
        last = disk.operations[count - 1] if count else "nothing"
        for world in (*WORLDS, *(draws - 1) * DRAWN):
            told = f"seed {seed}: {world.__name__} after operation {count} ({last})"
            yield told, world(wreck, random).files()


def lay_out(files, folder):
    """Make a folder hold these files."""
    folder.mkdir(parents=True)
    for place, data in files:
        if data is None:
            (folder / place).mkdir()
        else:
            (folder / place).write_bytes(data)
    return folder
