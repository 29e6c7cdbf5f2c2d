"""arXiv's groups, archives and categories, as its OAI-PMH sets have them."""

GROUPS = ("physics", "math", "q-bio", "cs", "q-fin", "stat", "eess", "econ")

_ARCHIVES = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE "
    "NI OH OS PF PL RO SC SD SE SI SY",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "gr-qc": "",
    "hep-ex": "",
    "hep-lat": "",
    "hep-ph": "",
    "hep-th": "",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA "
    "RT SG SP ST",
    "math-ph": "",
    "nlin": "AO CD CG PS SI",
    "nucl-ex": "",
    "nucl-th": "",
    "physics": "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph "
    "flu-dyn gen-ph geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "quant-ph": "",
    "stat": "AP CO ME ML OT TH",
}

_PAIRS = (
    ("math-ph", "math.MP"),
    ("cs.IT", "math.IT"),
    ("math.NA", "cs.NA"),
    ("econ.GN", "q-fin.EC"),
    ("stat.TH", "math.ST"),
    ("eess.SY", "cs.SY"),
)
_OTHER = {name: other for pair in _PAIRS for name, other in (pair, pair[::-1])}

_RETIRED = {
    "acc-phys": "physics.acc-ph",
    "adap-org": "nlin.AO",
    "alg-geom": "math.AG",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chao-dyn": "nlin.CD",
    "chem-ph": "physics.chem-ph",
    "cmp-lg": "cs.CL",
    "comp-gas": "nlin.CG",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "mtrl-th": "cond-mat.mtrl-sci",
    "patt-sol": "nlin.PS",
    "plasm-ph": "physics.plasm-ph",
    "q-alg": "math.QA",
    "solv-int": "nlin.SI",
    "supr-con": "cond-mat.supr-con",
}


def group_of(archive):
    return archive if archive in GROUPS else "physics"


def spec_of(category):
    archive, _, subject = category.partition(".")
    return ":".join(filter(None, (group_of(archive), archive, subject)))


def set_specs_of(categories):
    """The sets in a record's header: aliases added, retired archives under their present name."""
    specs = []
    for category in categories.split():
        present = _RETIRED.get(category, category)
        for name in (present, _OTHER.get(present)):
            if name and spec_of(name) not in specs:
                specs.append(spec_of(name))
    return specs


def is_in_set(specs, wanted):
    return any(spec == wanted or spec.startswith(wanted + ":") for spec in specs)


def all_set_specs():
    specs = list(GROUPS)
    specs += [spec_of(archive) for archive in _ARCHIVES]
    specs += [
        spec_of(f"{archive}.{subject}")
        for archive, subjects in _ARCHIVES.items()
        for subject in subjects.split()
    ]
    return specs


SET_SPECS = frozenset(all_set_specs())
