"""dicomweb-client stores, searches and retrieves."""

import io

import numpy
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from PIL import Image

from samples import images


@pytest.fixture
def client(archive):
    return DICOMwebClient(url=archive.web)


def test_what_is_stored_is_found_and_comes_back_equal(client, files):
    slices = [pydicom.dcmread(path) for path in images(files)]
    answer = client.store_instances(slices)
    assert len(answer.ReferencedSOPSequence) == len(slices)
    assert "FailedSOPSequence" not in answer

    study = slices[0].StudyInstanceUID
    rows = client.search_for_studies(search_filters={"StudyInstanceUID": study})
    assert [row["00201208"]["Value"] for row in rows] == [[len(slices)]]
    rows = client.search_for_instances(study_instance_uid=study)
    assert {row["00080018"]["Value"][0] for row in rows} == {one.SOPInstanceUID for one in slices}

    back = {one.SOPInstanceUID: one for one in client.retrieve_study(study)}
    for sent in slices:
        assert back[sent.SOPInstanceUID] == sent


def test_metadata_frames_and_rendered_agree_with_the_instance(client, files):
    sent = pydicom.dcmread(images(files)[0])
    client.store_instances([sent])
    uids = (sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID)

    metadata = pydicom.Dataset.from_json(
        client.retrieve_instance_metadata(*uids), bulk_data_uri_handler=lambda *_: None
    )
    assert metadata.PatientName == sent.PatientName
    assert {element.tag for element in metadata} == {element.tag for element in sent}

    frame = client.retrieve_instance_frames(*uids, frame_numbers=[1])[0]
    assert frame == sent.PixelData[: len(frame)] and len(frame) == sent.Rows * sent.Columns * 2

    picture = Image.open(io.BytesIO(client.retrieve_instance_rendered(*uids, media_types=("image/png",))))
    assert numpy.asarray(picture).shape[:2] == (sent.Rows, sent.Columns)


def test_one_refused_slice_is_a_failed_item_and_the_others_are_kept(client, archive, files):
    slices = [pydicom.dcmread(path) for path in images(files)]
    refused = slices[3].SOPInstanceUID
    archive.inject({"when": {"instance": refused}, "then": {"refuse-instance": {"reason": "A700"}}})
    answer = client.store_instances(slices)
    assert [item.ReferencedSOPInstanceUID for item in answer.FailedSOPSequence] == [refused]
    assert answer.FailedSOPSequence[0].FailureReason == 0xA700
    rows = client.search_for_instances(study_instance_uid=slices[0].StudyInstanceUID)
    assert {row["00080018"]["Value"][0] for row in rows} == {one.SOPInstanceUID for one in slices} - {refused}


def test_no_match_is_an_empty_list(client):
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
