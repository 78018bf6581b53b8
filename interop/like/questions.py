"""The requests that are sent to every archive, as data. Each starts from the same ten slices of CT, three of MR and two compressed images.

Paths and headers may hold {study}, {series}, {instance} (of the CT), {other} (the study of the MR), {encoded...} (the JPEG lossless
instance) and {patient}.
"""

from dataclasses import dataclass, field

DICOM = 'multipart/related; type="application/dicom"'
JSON = "application/dicom+json"
OCTETS = 'multipart/related; type="application/octet-stream"'

INSTANCE = "/studies/{study}/series/{series}/instances/{instance}"
ENCODED = "/studies/{encoded_study}/series/{encoded_series}/instances/{encoded}"


@dataclass(frozen=True)
class Web:
    """One request over HTTP. `upload` names what is sent (see `uploads.py`)."""

    name: str
    path: str
    method: str = "GET"
    accept: str | None = JSON
    headers: dict = field(default_factory=dict)
    upload: str | None = None


SEARCH = [
    Web("qido.studies", "/studies"),
    Web("qido.series", "/series"),
    Web("qido.instances", "/instances"),
    Web("qido.study-series", "/studies/{study}/series"),
    Web("qido.study-instances", "/studies/{study}/instances"),
    Web("qido.series-instances", "/studies/{study}/series/{series}/instances"),
    Web("qido.no-match", "/studies?PatientID=nobody"),
    Web("qido.unknown-study", "/studies/1.2.3/series"),
    Web("qido.patient-id", "/studies?PatientID={patient}"),
    Web("qido.patient-id-other-case", "/studies?PatientID={patient_lower}"),
    Web("qido.name", "/studies?PatientName=DOE^JOHN"),
    Web("qido.name-other-case", "/studies?PatientName=doe^john"),
    Web("qido.name-wildcard", "/studies?PatientName=DOE*"),
    Web("qido.name-wildcard-encoded", "/studies?PatientName=DOE%2A"),
    Web("qido.name-encoded", "/studies?PatientName=DOE%5EJOHN"),
    Web("qido.name-family", "/studies?PatientName=DOE"),
    Web("qido.date", "/studies?StudyDate={date}"),
    Web("qido.date-range", "/studies?StudyDate=20000101-20991231"),
    Web("qido.date-reversed", "/studies?StudyDate=20991231-20000101"),
    Web("qido.date-bad", "/studies?StudyDate=abc"),
    Web("qido.uid-list", "/studies?StudyInstanceUID={study},{other}"),
    Web("qido.uid-list-backslash", "/studies?StudyInstanceUID={study}%5C{other}"),
    Web("qido.modalities-in-study", "/studies?ModalitiesInStudy=MR"),
    Web("qido.tag", "/studies?00100020={patient}"),
    Web("qido.unknown-keyword", "/studies?xyzzy=1"),
    Web("qido.unknown-tag", "/studies?00091001=1"),
    Web("qido.sequence-path", "/studies?00400275.00401001=1"),
    Web("qido.limit", "/instances?limit=2"),
    Web("qido.limit-0", "/instances?limit=0"),
    Web("qido.limit-negative", "/instances?limit=-1"),
    Web("qido.limit-text", "/instances?limit=two"),
    Web("qido.offset", "/instances?limit=2&offset=3"),
    Web("qido.offset-beyond", "/instances?offset=1000"),
    Web("qido.fuzzy", "/studies?PatientName=JOHN&fuzzymatching=true"),
    Web("qido.fuzzy-bad", "/studies?PatientName=JOHN&fuzzymatching=maybe"),
    Web("qido.includefield", "/studies?includefield=StudyDescription"),
    Web("qido.includefield-all", "/studies?includefield=all"),
    Web("qido.includefield-lower-level", "/studies?includefield=Rows"),
    Web("qido.includefield-unknown", "/studies?includefield=Nonsense"),
    Web("qido.accept-json", "/studies", accept="application/json"),
    Web("qido.accept-any", "/studies", accept="*/*"),
    Web("qido.accept-none", "/studies", accept=None),
    Web("qido.accept-xml", "/studies", accept='multipart/related; type="application/dicom+xml"'),
    Web("qido.accept-html", "/studies", accept="text/html"),
    Web("qido.accept-parameter", "/studies?accept=application/dicom%2Bjson", accept=None),
    Web("qido.head", "/studies", method="HEAD"),
    Web("qido.options", "/studies", method="OPTIONS"),
    Web("qido.delete", "/studies", method="DELETE"),
    Web("qido.trailing-slash", "/studies/"),
]

RETRIEVE = [
    Web("wado.instance", INSTANCE, accept=DICOM),
    Web("wado.series", "/studies/{study}/series/{series}", accept=DICOM),
    Web("wado.study", "/studies/{study}", accept=DICOM),
    Web("wado.instance-single-part", INSTANCE, accept="application/dicom"),
    Web("wado.instance-any", INSTANCE, accept="*/*"),
    Web("wado.instance-none", INSTANCE, accept=None),
    Web("wado.instance-unquoted", INSTANCE, accept="multipart/related; type=application/dicom"),
    Web("wado.instance-zip", INSTANCE, accept="application/zip"),
    Web("wado.instance-html", INSTANCE, accept="text/html"),
    Web("wado.encoded", ENCODED, accept=DICOM),
    Web("wado.encoded-as-stored", ENCODED, accept=DICOM + "; transfer-syntax=*"),
    Web("wado.encoded-explicit", ENCODED, accept=DICOM + "; transfer-syntax=1.2.840.10008.1.2.1"),
    Web("wado.unknown-study", "/studies/1.2.3", accept=DICOM),
    Web("wado.bad-uid", "/studies/abc", accept=DICOM),
    Web("wado.wrong-study", "/studies/{other}/series/{series}/instances/{instance}", accept=DICOM),
    Web("wado.head", INSTANCE, method="HEAD", accept=DICOM),
    Web("wado.if-none-match", INSTANCE, accept=DICOM, headers={"If-None-Match": "*"}),
    Web("wado.range", INSTANCE, accept=DICOM, headers={"Range": "bytes=0-99"}),
    Web("metadata.instance", INSTANCE + "/metadata"),
    Web("metadata.series", "/studies/{study}/series/{series}/metadata"),
    Web("metadata.study", "/studies/{study}/metadata"),
    Web("metadata.gzip", "/studies/{study}/metadata", headers={"Accept-Encoding": "gzip"}),
    Web("metadata.xml", INSTANCE + "/metadata", accept='multipart/related; type="application/dicom+xml"'),
    Web("metadata.xml-single", INSTANCE + "/metadata", accept="application/dicom+xml"),
    Web("metadata.html", INSTANCE + "/metadata", accept="text/html"),
    Web("metadata.unknown", "/studies/1.2.3/metadata"),
    Web("bulk.pixel-data", INSTANCE + "/{bulk}", accept=OCTETS),
    Web("bulk.single-part", INSTANCE + "/{bulk}", accept="application/octet-stream"),
    Web("bulk.of-study", "/studies/{study}/bulkdata", accept=OCTETS),
    Web("frames.first", INSTANCE + "/frames/1", accept=OCTETS),
    Web("frames.list", ENCODED + "/frames/1,1", accept=OCTETS),
    Web("frames.any", INSTANCE + "/frames/1", accept="*/*"),
    Web("frames.zero", INSTANCE + "/frames/0", accept=OCTETS),
    Web("frames.beyond", INSTANCE + "/frames/2", accept=OCTETS),
    Web("frames.text", INSTANCE + "/frames/one", accept=OCTETS),
    Web("frames.all", INSTANCE + "/frames", accept=OCTETS),
    Web("frames.single-part", INSTANCE + "/frames/1", accept="application/octet-stream"),
    Web("frames.html", INSTANCE + "/frames/1", accept="text/html"),
    Web("rendered.default", INSTANCE + "/rendered", accept=None),
    Web("rendered.jpeg", INSTANCE + "/rendered", accept="image/jpeg"),
    Web("rendered.png", INSTANCE + "/rendered", accept="image/png"),
    Web("rendered.gif", INSTANCE + "/rendered", accept="image/gif"),
    Web("rendered.jp2", INSTANCE + "/rendered", accept="image/jp2"),
    Web("rendered.any-image", INSTANCE + "/rendered", accept="image/*"),
    Web("rendered.preference", INSTANCE + "/rendered", accept="image/png;q=0.5, image/jpeg"),
    Web("rendered.html", INSTANCE + "/rendered", accept="text/html"),
    Web("rendered.window", INSTANCE + "/rendered?window=40,400,linear", accept="image/png"),
    Web("rendered.window-short", INSTANCE + "/rendered?window=40,400", accept="image/png"),
    Web("rendered.window-text", INSTANCE + "/rendered?window=a,b,linear", accept="image/png"),
    Web("rendered.window-width-0", INSTANCE + "/rendered?window=40,0,linear", accept="image/png"),
    Web("rendered.viewport", INSTANCE + "/rendered?viewport=64,32", accept="image/png"),
    Web("rendered.viewport-text", INSTANCE + "/rendered?viewport=a,b", accept="image/png"),
    Web("rendered.quality", INSTANCE + "/rendered?quality=10", accept="image/jpeg"),
    Web("rendered.quality-0", INSTANCE + "/rendered?quality=0", accept="image/jpeg"),
    Web("rendered.quality-101", INSTANCE + "/rendered?quality=101", accept="image/jpeg"),
    Web("rendered.annotation", INSTANCE + "/rendered?annotation=patient", accept="image/png"),
    Web("rendered.series", "/studies/{study}/series/{series}/rendered", accept="image/png"),
    Web("rendered.frame", INSTANCE + "/frames/1/rendered", accept="image/png"),
    Web("rendered.frame-list", INSTANCE + "/frames/1,1/rendered", accept="image/png"),
    Web("rendered.unknown", "/studies/1.2.3/series/1.2.3/instances/1.2.3/rendered", accept="image/png"),
    Web("thumbnail.instance", INSTANCE + "/thumbnail", accept="image/png"),
    Web("thumbnail.study", "/studies/{study}/thumbnail", accept="image/png"),
    Web("delete.study", "/studies/{other}", method="DELETE"),
    Web("delete.instance", INSTANCE, method="DELETE"),
    Web("other.capabilities", "/", method="OPTIONS", accept="application/json"),
    Web("other.workitems", "/workitems"),
    Web("other.nonsense", "/nonsense"),
    Web("other.cors", "/studies", headers={"Origin": "https://viewer.example.org"}),
]

STORE = [
    Web("stow.one", "/studies", method="POST", upload="one"),
    Web("stow.again", "/studies", method="POST", upload="one"),
    Web("stow.changed-again", "/studies", method="POST", upload="changed"),
    Web("stow.accept-xml", "/studies", method="POST", accept="application/dicom+xml", upload="two"),
    Web("stow.accept-html", "/studies", method="POST", accept="text/html", upload="three"),
    Web("stow.accept-none", "/studies", method="POST", accept=None, upload="three"),
    Web("stow.into-its-study", "/studies/{new_study}", method="POST", upload="four"),
    Web("stow.into-another-study", "/studies/{study}", method="POST", upload="five"),
    Web("stow.good-and-garbage", "/studies", method="POST", upload="good-and-garbage"),
    Web("stow.garbage", "/studies", method="POST", upload="garbage"),
    Web("stow.no-study-uid", "/studies", method="POST", upload="no-study-uid"),
    Web("stow.no-patient-id", "/studies", method="POST", upload="no-patient-id"),
    Web("stow.other-patient", "/studies", method="POST", upload="other-patient"),
    Web("stow.unknown-class", "/studies", method="POST", upload="unknown-class"),
    Web("stow.truncated", "/studies", method="POST", upload="truncated"),
    Web("stow.no-preamble", "/studies", method="POST", upload="no-preamble"),
    Web("stow.empty", "/studies", method="POST", upload="empty"),
    Web("stow.only-the-end", "/studies", method="POST", upload="only-the-end"),
    Web("stow.no-end", "/studies", method="POST", upload="no-end"),
    Web("stow.wrong-boundary", "/studies", method="POST", upload="wrong-boundary"),
    Web("stow.no-boundary", "/studies", method="POST", upload="no-boundary"),
    Web("stow.no-type", "/studies", method="POST", upload="no-type"),
    Web("stow.type-jpeg", "/studies", method="POST", upload="type-jpeg"),
    Web("stow.line-feeds", "/studies", method="POST", upload="line-feeds"),
    Web("stow.part-of-no-type", "/studies", method="POST", upload="part-of-no-type"),
    Web("stow.part-of-wrong-type", "/studies", method="POST", upload="part-of-wrong-type"),
    Web("stow.preamble-text", "/studies", method="POST", upload="preamble-text"),
    Web("stow.quoted-boundary", "/studies", method="POST", upload="quoted-boundary"),
    Web("stow.gzip", "/studies", method="POST", upload="gzip"),
    Web("stow.chunked", "/studies", method="POST", upload="chunked"),
    Web("stow.single-part", "/studies", method="POST", upload="single-part"),
    Web("stow.json-body", "/studies", method="POST", upload="json-body"),
    Web("stow.put", "/studies", method="PUT", upload="one"),
    Web("stow.to-series", "/studies/{study}/series", method="POST", upload="one"),
]


@dataclass(frozen=True)
class Dimse:
    """One operation: `find`, `move`, `get`, `store`, `echo`, `commit` or `associate`; `with` it what it takes (see `observer.py`)."""

    name: str
    service: str
    given: dict = field(default_factory=dict)


PATIENT_ROOT, STUDY_ROOT = "PATIENT", "STUDY"


def find(name: str, level: str | None, root: str = STUDY_ROOT, **given) -> Dimse:
    """`keys` are the identifier's; options begin with an underscore."""
    options = {option[1:]: given.pop(option) for option in list(given) if option.startswith("_")}
    return Dimse(f"find.{name}", "find", {"level": level, "root": root, "keys": given, **options})


FINDS = [
    find("patients", "PATIENT", PATIENT_ROOT, PatientID="", PatientName=""),
    find("studies-of-patient", "STUDY", PATIENT_ROOT, PatientID="{patient}", StudyInstanceUID=""),
    find("studies-of-no-patient", "STUDY", PATIENT_ROOT, StudyInstanceUID=""),
    find("studies", "STUDY", StudyInstanceUID="", PatientName=""),
    find("series", "SERIES", StudyInstanceUID="{study}", SeriesInstanceUID="", Modality=""),
    find("series-of-all", "SERIES", SeriesInstanceUID=""),
    find("images", "IMAGE", StudyInstanceUID="{study}", SeriesInstanceUID="{series}", SOPInstanceUID=""),
    find("images-of-all", "IMAGE", SOPInstanceUID=""),
    find("patients-of-study-root", "PATIENT", PatientID=""),
    find("no-level", None, PatientID=""),
    find("bad-level", "FRAME", PatientID=""),
    find("no-match", "STUDY", PatientID="nobody", StudyInstanceUID=""),
    find("name-wildcard", "STUDY", PatientName="DOE*", StudyInstanceUID=""),
    find("name-other-case", "STUDY", PatientName="doe*", StudyInstanceUID=""),
    find("patient-id-other-case", "STUDY", PatientID="{patient_lower}", StudyInstanceUID=""),
    find("date-range", "STUDY", StudyDate="20000101-20991231", StudyInstanceUID=""),
    find("date-bad", "STUDY", StudyDate="abc", StudyInstanceUID=""),
    find("uid-list", "STUDY", StudyInstanceUID=["{study}", "{other}"]),
    find("modalities", "STUDY", ModalitiesInStudy="MR", StudyInstanceUID=""),
    find("modalities-two", "STUDY", ModalitiesInStudy=["MR", "CT"], StudyInstanceUID=""),
    find("counts", "STUDY", StudyInstanceUID="{study}", NumberOfStudyRelatedSeries="", NumberOfStudyRelatedInstances="", SOPClassesInStudy=""),
    find("unknown-key", "STUDY", StudyInstanceUID="{study}", _private=True),
    find("lower-key", "STUDY", StudyInstanceUID="{study}", Rows=""),
    find("relational", "IMAGE", SOPInstanceUID="{instance}", _extended=(1,)),
    find("cancelled", "IMAGE", StudyInstanceUID="{study}", SeriesInstanceUID="{series}", SOPInstanceUID="", _cancel_after=1),
    find("patient-study-only", "STUDY", "PATIENT-STUDY-ONLY", StudyInstanceUID=""),
    find("worklist", None, "WORKLIST", PatientName=""),
]

OPERATIONS = [
    Dimse("associate.identity", "associate"),
    Dimse("associate.any-called", "associate", {"called": "NOT-ME"}),
    Dimse("associate.any-calling", "associate", {"calling": "STRANGER"}),
    Dimse("associate.window", "associate", {"window": (5, 5)}),
    Dimse("associate.extended", "associate", {"extended": (1, 1, 1)}),
    Dimse("associate.roles", "associate", {"roles": True}),
    Dimse("associate.syntaxes", "associate", {"syntaxes": True}),
    Dimse("associate.classes", "associate", {"classes": True}),
    Dimse("echo.one", "echo"),
    *FINDS,
    Dimse("get.study", "get", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY"}),
    Dimse("get.image", "get", {"keys": {"StudyInstanceUID": "{study}", "SeriesInstanceUID": "{series}", "SOPInstanceUID": "{instance}"}, "level": "IMAGE"}),
    Dimse("get.nothing", "get", {"keys": {"StudyInstanceUID": "1.2.3"}, "level": "STUDY"}),
    Dimse("get.no-key", "get", {"keys": {}, "level": "STUDY"}),
    Dimse("get.no-role", "get", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY", "roles": False}),
    Dimse("get.compressed", "get", {"keys": {"StudyInstanceUID": "{encoded_study}"}, "level": "STUDY"}),
    Dimse("get.refused", "get", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY", "refuse": 0xA700}),
    Dimse("move.study", "move", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY"}),
    Dimse("move.nothing", "move", {"keys": {"StudyInstanceUID": "1.2.3"}, "level": "STUDY"}),
    Dimse("move.no-key", "move", {"keys": {}, "level": "STUDY"}),
    Dimse("move.unknown-destination", "move", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY", "to": "NOBODY"}),
    Dimse("move.destination-down", "move", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY", "to": "DOWN"}),
    Dimse("move.all-refused", "move", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY", "refuse": 0xA700}),
    Dimse("move.one-refused", "move", {"keys": {"StudyInstanceUID": "{study}"}, "level": "STUDY", "refuse": 0xA700, "refuse_only": "{instance}"}),
    Dimse("store.one", "store", {"upload": "dimse-one"}),
    Dimse("store.again", "store", {"upload": "dimse-one"}),
    Dimse("store.changed-again", "store", {"upload": "dimse-changed"}),
    Dimse("store.other-patient", "store", {"upload": "dimse-other-patient"}),
    Dimse("store.no-study-uid", "store", {"upload": "dimse-no-study-uid"}),
    Dimse("store.no-patient-id", "store", {"upload": "dimse-no-patient-id"}),
    Dimse("store.class-mismatch", "store", {"upload": "dimse-class-mismatch"}),
    Dimse("store.garbage", "store", {"upload": "dimse-garbage"}),
    Dimse("commit.stored", "commit", {"keys": ["{instance}"]}),
    Dimse("commit.unknown", "commit", {"keys": ["{instance}", "1.2.3"]}),
]
