"""dcmtk's command-line tools against the archive."""

import numpy
import pydicom
import pytest
import requests

from certificates import plain_door
from dcmtk import call, free_port, keys, peer, run, storescp, values
from mock import running
from samples import images, takable, uids


def tls(certificates) -> tuple:
    """Options of a tool that trusts the authority and demands a good certificate."""
    return ("+tla", "+cf", certificates.authority, "-rc")


def stored(archive, paths, *options) -> list[pydicom.Dataset]:
    """What the files hold, after storescu stored them all."""
    output = run("storescu", "-v", "-R", *options, *peer(archive), *paths)
    assert output.count("Received Store Response (Success)") == len(paths), output
    return [pydicom.dcmread(path) for path in paths]


def test_echoscu_is_answered(archive):
    assert "Received Echo Response (Success)" in run("echoscu", "-v", *peer(archive))


def test_echoscu_is_answered_many_times_on_one_association(archive):
    assert run("echoscu", "-v", "--repeat", 20, *peer(archive)).count("Received Echo Response (Success)") == 20


def test_echoscu_is_answered_with_one_of_many_contexts(archive):
    output = run("echoscu", "-d", "-pts", 38, "-ppc", 128, *peer(archive))
    assert "Received Echo Response (Success)" in output


def test_echoscu_is_answered_over_tls(secure, certificates):
    assert "Received Echo Response (Success)" in run("echoscu", "-v", *tls(certificates), *peer(secure))


def test_echoscu_without_trust_in_the_certificate_does_not_get_in(secure):
    status, output = call("echoscu", "-v", "+tla", "-rc", *peer(secure))
    assert status != 0 and "certificate" in output.lower(), output


def test_echoscu_in_plain_words_is_not_answered_by_a_port_with_tls(secure):
    status, output = call("echoscu", "-v", *peer(secure))
    assert status != 0 and "Success" not in output, output


def test_what_storescu_sends_is_what_findscu_finds(archive, files):
    slices = stored(archive, images(files))
    output = run(
        *("findscu", "-v", "-S"),
        *keys("STUDY", StudyInstanceUID=slices[0].StudyInstanceUID, PatientName="", NumberOfStudyRelatedInstances=""),
        *peer(archive),
    )
    assert values(output, "00201208") == [str(len(slices))], output
    assert "Received Final Find Response (Success)" in output


def test_storescu_and_findscu_work_over_tls(secure, files, certificates):
    slices = stored(secure, images(files), *tls(certificates))
    wanted = keys("IMAGE", StudyInstanceUID=slices[0].StudyInstanceUID, SeriesInstanceUID=slices[0].SeriesInstanceUID, SOPInstanceUID="")
    output = run("findscu", "-v", "-S", *tls(certificates), *wanted, *peer(secure))
    assert sorted(values(output, "00080018")) == sorted(one.SOPInstanceUID for one in slices)


@pytest.mark.parametrize("pdu", [4096, 16384, 131072])
def test_storescu_stores_with_any_size_of_pdu(archive, files, pdu):
    for one in stored(archive, images(files)[:2], "-pdu", pdu, "--max-send-pdu", pdu):
        assert given_back(archive, one).PixelData == one.PixelData


def test_storescu_is_told_of_a_refused_instance_and_the_rest_is_kept(archive, files):
    slices = images(files)
    refused = pydicom.dcmread(slices[3], stop_before_pixels=True).SOPInstanceUID
    archive.inject({"when": {"instance": refused}, "then": {"refuse-instance": {"reason": "A700"}}})
    _, output = call("storescu", "-v", "-nh", *peer(archive), *slices)
    assert output.count("Received Store Response (Success)") == len(slices) - 1, output
    assert "0xa700" in output.lower() or "OutOfResources" in output, output


def test_storescu_that_aborts_instead_of_releasing_has_stored_what_was_acknowledged(archive, files):
    slices = images(files)
    output = run("storescu", "-v", "--abort", *peer(archive), *slices)
    assert output.count("Received Store Response (Success)") == len(slices)
    assert "Received Echo Response (Success)" in run("echoscu", "-v", *peer(archive))
    assert values(run("findscu", "-v", "-S", *keys("STUDY", NumberOfStudyRelatedInstances=""), *peer(archive)), "00201208") == ["10"]


# How storescu is told to propose a transfer syntax; without an option it proposes the uncompressed ones.
PROPOSE = {
    "1.2.840.10008.1.2": "-xi",
    "1.2.840.10008.1.2.1": "-xe",
    "1.2.840.10008.1.2.1.99": "-xd",
    "1.2.840.10008.1.2.2": "-xb",
    "1.2.840.10008.1.2.4.50": "-xy",
    "1.2.840.10008.1.2.4.51": "-xx",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.81": "-xu",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
    "1.2.840.10008.1.2.5": "-xr",
}


# Label map segmentation, which Debian's storescu does not know as a storage class.
NEW_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.7",)


def by_syntax() -> dict[str, list]:
    """The files of each transfer syntax that storescu can propose, and that its own parser reads."""
    found = {}
    for path in takable():
        head = pydicom.dcmread(path, stop_before_pixels=True)
        if head.SOPClassUID not in NEW_CLASSES:
            found.setdefault(head.file_meta.TransferSyntaxUID, []).append(path)
    return {syntax: paths for syntax, paths in found.items() if syntax in PROPOSE}


def given_back(archive, sent: pydicom.Dataset) -> pydicom.Dataset:
    """The instance by WADO-RS, as it is stored."""
    study, series, instance = uids(sent)
    answer = requests.get(
        f"{archive.web}/studies/{study}/series/{series}/instances/{instance}",
        headers={"Accept": "application/dicom; transfer-syntax=*"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return pydicom.dcmread(pydicom.filebase.DicomBytesIO(answer.content))


@pytest.mark.parametrize("syntax", sorted(PROPOSE))
def test_storescu_stores_every_transfer_syntax_as_it_is(syntax):
    with running("--empty", "--duplicates", "replace") as archive:
        for path in by_syntax()[syntax]:
            (sent,) = stored(archive, [path], PROPOSE[syntax])
            back = given_back(archive, sent)
            # Implicit VR and big endian never leave over DICOMweb (PS3.18 8.7.3.5); of two syntaxes that are accepted dcmtk sends the simpler.
            if sent.file_meta.TransferSyntaxUID.is_encapsulated:
                assert back.file_meta.TransferSyntaxUID == syntax, path
            assert pixels(back) == pixels(sent), path
            assert tags(back) == tags(sent), path


def tags(instance: pydicom.Dataset) -> list:
    """Those that a sender may not drop: group lengths and padding are its own."""
    return [element.tag for element in instance if element.tag.element != 0 and element.tag != 0xFFFCFFFC]


def pixels(instance: pydicom.Dataset) -> bytes:
    """The pixels in little endian; of a compressed instance its fragments without the offset table, which a sender may make anew."""
    if "PixelData" not in instance:
        return b""
    syntax = instance.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        return b"".join(list(pydicom.encaps.generate_fragments(instance.PixelData))[1:])
    if not syntax.is_little_endian and instance.BitsAllocated == 16:
        return numpy.frombuffer(instance.PixelData, ">u2").astype("<u2").tobytes()
    return instance.PixelData + bytes(len(instance.PixelData) % 2)


def test_findscu_is_answered_at_every_level_of_both_roots(demo):
    for root, levels in (("-P", ("PATIENT", "STUDY", "SERIES", "IMAGE")), ("-S", ("STUDY", "SERIES", "IMAGE"))):
        above = {}
        for level in levels:
            key, tag = UNIQUE[level]
            output = run("findscu", "-v", root, *keys(level, **above, **{key: ""}), *peer(demo))
            assert "Received Final Find Response (Success)" in output, output
            found = values(output, tag)
            assert found and len(found) == len(set(found)), (root, level)
            above[key] = found[0]


UNIQUE = {
    "PATIENT": ("PatientID", "00100020"),
    "STUDY": ("StudyInstanceUID", "0020000d"),
    "SERIES": ("SeriesInstanceUID", "0020000e"),
    "IMAGE": ("SOPInstanceUID", "00080018"),
}


def test_findscu_can_cancel_after_the_first_answers(demo):
    status, output = call("findscu", "-v", "-S", "--cancel", 2, *keys("STUDY", StudyInstanceUID=""), *peer(demo))
    assert "Sending Cancel Request" in output, output
    assert "Received Final Find Response (Cancel" in output or "Received Final Find Response (Success)" in output, output
    assert "Received Echo Response (Success)" in run("echoscu", "-v", *peer(demo))


def test_findscu_gets_the_worklist(demo):
    output = run("findscu", "-v", "-W", "-k", "PatientName", "-k", "PatientID", "-k", "ScheduledProcedureStepSequence[0].Modality", *peer(demo))
    assert "Received Final Find Response (Success)" in output, output
    assert values(output, "00100020"), output


def same(path, sent: pydicom.Dataset) -> bool:
    return pydicom.dcmread(path) == sent


def arrived(folder) -> dict[str, pydicom.Dataset]:
    return {one.SOPInstanceUID: one for one in (pydicom.dcmread(path) for path in folder.iterdir())}


def test_movescu_brings_a_study_to_a_storescp(files, tmp_path):
    with storescp(tmp_path) as port, running("--empty", "--destinations", f"DEST=127.0.0.1:{port}") as archive:
        slices = stored(archive, images(files))
        wanted = keys("STUDY", StudyInstanceUID=slices[0].StudyInstanceUID)
        output = run("movescu", "-v", "-S", "-aem", "DEST", *wanted, *peer(archive))
        assert "Received Final Move Response (Success)" in output
    assert arrived(tmp_path) == {one.SOPInstanceUID: one for one in slices}


def test_movescu_moves_at_every_level(files, tmp_path):
    with storescp(tmp_path) as port, running("--empty", "--destinations", f"DEST=127.0.0.1:{port}") as archive:
        slices = stored(archive, images(files))
        first = slices[0]
        above = {}
        for level, (key, _) in UNIQUE.items():
            above[key] = first[key].value
            for path in tmp_path.iterdir():
                path.unlink()
            output = run("movescu", "-v", "-P", "-aem", "DEST", *keys(level, **above), *peer(archive))
            assert "Received Final Move Response (Success)" in output, output
            assert len(arrived(tmp_path)) == (1 if level == "IMAGE" else len(slices)), level


def test_movescu_receives_on_its_own_port_what_it_asked_for(files, tmp_path):
    port = free_port()
    with running("--empty", "--destinations", f"MOVESCU=127.0.0.1:{port}") as archive:
        slices = stored(archive, images(files))
        wanted = keys("STUDY", StudyInstanceUID=slices[0].StudyInstanceUID)
        run("movescu", "-v", "-S", "-aet", "MOVESCU", "-aem", "MOVESCU", "+P", port, "-od", tmp_path, *wanted, *peer(archive))
    assert arrived(tmp_path) == {one.SOPInstanceUID: one for one in slices}


def test_movescu_is_told_that_a_destination_is_unknown(archive, files):
    slices = stored(archive, images(files)[:1])
    status, output = call("movescu", "-v", "-S", "-aem", "NOBODY", *keys("STUDY", StudyInstanceUID=slices[0].StudyInstanceUID), *peer(archive))
    assert status != 0 and "MoveDestinationUnknown" in output, output


def test_movescu_works_through_a_door_into_tls(files, tmp_path, certificates):
    secured = ("--tls", certificates.chain, certificates.key)
    with storescp(tmp_path) as port, running("--empty", *secured, "--destinations", f"DEST=127.0.0.1:{port}") as archive:
        slices = stored(archive, images(files), *tls(certificates))
        with plain_door(archive, certificates.client()) as door:
            wanted = keys("STUDY", StudyInstanceUID=slices[0].StudyInstanceUID)
            output = run("movescu", "-v", "-S", "-aem", "DEST", *wanted, *peer(archive, door))
        assert "Received Final Move Response (Success)" in output
    assert arrived(tmp_path) == {one.SOPInstanceUID: one for one in slices}


def test_getscu_gets_what_was_stored_at_every_level(archive, files, tmp_path):
    slices = stored(archive, images(files))
    above = {}
    for level, (key, _) in UNIQUE.items():
        above[key] = slices[0][key].value
        folder = tmp_path / level
        folder.mkdir()
        run("getscu", "-v", "-P", "-od", folder, *keys(level, **above), *peer(archive))
        wanted = slices[:1] if level == "IMAGE" else slices
        assert arrived(folder) == {one.SOPInstanceUID: one for one in wanted}, level


def test_getscu_works_through_a_door_into_tls(secure, files, tmp_path, certificates):
    slices = stored(secure, images(files), *tls(certificates))
    with plain_door(secure, certificates.client()) as door:
        run("getscu", "-v", "-S", "-od", tmp_path, *keys("STUDY", StudyInstanceUID=slices[0].StudyInstanceUID), *peer(secure, door))
    assert arrived(tmp_path) == {one.SOPInstanceUID: one for one in slices}


@pytest.mark.parametrize("options", [(), ("+B",)], ids=["parsed", "bit-preserving"])
def test_getscu_gets_a_compressed_instance_uncompressed_where_it_takes_no_other(archive, files, tmp_path, options):
    encoded = files / "encoded" / "ct-jpeg-lossless-sv1.dcm"
    (sent,) = stored(archive, [encoded], "-xs")
    wanted = keys("STUDY", StudyInstanceUID=sent.StudyInstanceUID)
    run("getscu", "-v", "-S", *options, "-od", tmp_path, *wanted, *peer(archive))
    (back,) = arrived(tmp_path).values()
    assert not back.file_meta.TransferSyntaxUID.is_compressed
    assert (back.pixel_array == sent.pixel_array).all()


def test_getscu_gets_a_compressed_instance_as_it_is_where_it_takes_that(archive, files, tmp_path):
    encoded = files / "encoded" / "ct-jpeg-lossless-sv1.dcm"
    (sent,) = stored(archive, [encoded], "-xs")
    run("getscu", "-v", "-S", "+xs", "-od", tmp_path, *keys("STUDY", StudyInstanceUID=sent.StudyInstanceUID), *peer(archive))
    (back,) = arrived(tmp_path).values()
    assert back.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert pixels(back) == pixels(sent)


def test_an_association_is_rejected_as_told(archive):
    archive.inject({"then": {"reject-association": {"result": 2, "source": 3, "reason": 2}}})
    status, output = call("echoscu", "-v", *peer(archive))
    assert status != 0
    assert "Local Limit Exceeded" in output, output
