"""pynetdicom as a client of the archive."""

import pydicom
from pynetdicom import AE, StoragePresentationContexts
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind, Verification

from test_dcmtk import images


def associate(archive, *contexts):
    client = AE(ae_title="PYNETDICOM")
    for context in contexts:
        client.add_requested_context(context)
    association = client.associate(archive.host, archive.port, ae_title=archive.ae_title)
    assert association.is_established
    return association


def find(association, **keys):
    identifier = pydicom.Dataset()
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    answers = list(association.send_c_find(identifier, StudyRootQueryRetrieveInformationModelFind))
    rows = [row for status, row in answers if status.Status in (0xFF00, 0xFF01)]
    assert answers[-1][0].Status == 0x0000
    return rows


def test_echo_is_answered(archive):
    association = associate(archive, Verification)
    assert association.send_c_echo().Status == 0x0000
    association.release()


def test_what_is_stored_is_found_with_its_values(archive, files):
    slices = [pydicom.dcmread(path) for path in images(files)]
    client = AE(ae_title="PYNETDICOM")
    client.requested_contexts = StoragePresentationContexts[:100]
    client.add_requested_context(slices[0].SOPClassUID)
    client.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    association = client.associate(archive.host, archive.port, ae_title=archive.ae_title)
    for instance in slices:
        assert association.send_c_store(instance).Status == 0x0000
    rows = find(
        association,
        QueryRetrieveLevel="IMAGE",
        StudyInstanceUID=slices[0].StudyInstanceUID,
        SeriesInstanceUID=slices[0].SeriesInstanceUID,
        SOPInstanceUID="",
        InstanceNumber="",
    )
    assert {row.SOPInstanceUID: row.InstanceNumber for row in rows} == {
        instance.SOPInstanceUID: instance.InstanceNumber for instance in slices
    }
    association.release()


def test_names_in_every_script_come_back_as_they_were_written(demo):
    association = associate(demo, StudyRootQueryRetrieveInformationModelFind)
    rows = find(association, QueryRetrieveLevel="STUDY", PatientName="", StudyInstanceUID="")
    association.release()
    names = " ".join(str(row.PatientName) for row in rows)
    for part in ("MÜLLER", "山田", "やまだ", "홍", "王", "Иванович", "Διονυσίου", "قباني", "NGUYỄN"):
        assert part in names, f"{part} is not in {names}"
