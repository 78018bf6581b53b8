"""dicomweb-client searches, retrieves, stores, renders and deletes."""

import io

import numpy
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from requests import HTTPError, Session

from mock import running
from samples import images, uids


@pytest.fixture
def client(archive):
    return DICOMwebClient(url=archive.web)


@pytest.fixture
def reader(demo):
    return DICOMwebClient(url=demo.web)


def value(row: dict, tag: str):
    return row.get(tag, {}).get("Value", [None])[0]


STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"


def test_what_is_stored_is_found_and_comes_back_equal(client, files):
    slices = [pydicom.dcmread(path) for path in images(files)]
    answer = client.store_instances(slices)
    assert len(answer.ReferencedSOPSequence) == len(slices)
    assert "FailedSOPSequence" not in answer

    study = slices[0].StudyInstanceUID
    rows = client.search_for_studies(search_filters={"StudyInstanceUID": study})
    assert [row["00201208"]["Value"] for row in rows] == [[len(slices)]]
    rows = client.search_for_instances(study_instance_uid=study)
    assert {value(row, INSTANCE) for row in rows} == {one.SOPInstanceUID for one in slices}

    back = {one.SOPInstanceUID: one for one in client.retrieve_study(study)}
    for sent in slices:
        assert back[sent.SOPInstanceUID] == sent


def test_study_series_and_instance_come_back_at_once_and_as_a_stream(client, files):
    slices = {one.SOPInstanceUID: one for one in map(pydicom.dcmread, images(files))}
    client.store_instances(list(slices.values()))
    first = next(iter(slices.values()))
    study, series, instance = uids(first)
    for several in (
        client.retrieve_study(study),
        client.iter_study(study),
        client.retrieve_series(study, series),
        client.iter_series(study, series),
    ):
        assert {one.SOPInstanceUID: one for one in several} == slices
    assert client.retrieve_instance(study, series, instance) == first


def test_metadata_of_every_level_is_that_of_the_instances(client, files):
    slices = {one.SOPInstanceUID: one for one in map(pydicom.dcmread, images(files))}
    client.store_instances(list(slices.values()))
    study, series, instance = uids(next(iter(slices.values())))
    for rows, expected in (
        (client.retrieve_study_metadata(study), slices),
        (client.retrieve_series_metadata(study, series), slices),
        ([client.retrieve_instance_metadata(study, series, instance)], {instance: slices[instance]}),
    ):
        assert {value(row, INSTANCE) for row in rows} == set(expected)
        for row in rows:
            sent = expected[value(row, INSTANCE)]
            metadata = pydicom.Dataset.from_json(row, bulk_data_uri_handler=lambda *_: None)
            assert [element.tag for element in metadata] == [element.tag for element in sent]
            for element in sent:
                if element.keyword != "PixelData":
                    assert metadata[element.tag].value == element.value, element


def test_bulk_data_is_where_the_metadata_says(client, files):
    sent = pydicom.dcmread(images(files)[0])
    client.store_instances([sent])
    address = client.retrieve_instance_metadata(*uids(sent))["7FE00010"]["BulkDataURI"]
    assert client.retrieve_bulkdata(address) == [sent.PixelData]
    assert b"".join(client.iter_bulkdata(address)) == sent.PixelData


def test_frames_are_those_of_the_pixel_data_in_any_order(client, files):
    sent = pydicom.dcmread(next((files / "ultrasound").glob("*.dcm")))
    client.store_instances([sent])
    length = len(sent.PixelData) // sent.NumberOfFrames
    expected = [sent.PixelData[start : start + length] for start in range(0, length * sent.NumberOfFrames, length)]
    wanted = [1, sent.NumberOfFrames, 2, 2]
    assert client.retrieve_instance_frames(*uids(sent), frame_numbers=wanted) == [expected[number - 1] for number in wanted]
    assert list(client.iter_instance_frames(*uids(sent), frame_numbers=[3])) == [expected[2]]
    with pytest.raises(HTTPError) as refused:
        client.retrieve_instance_frames(*uids(sent), frame_numbers=[sent.NumberOfFrames + 1])
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("name, media_type", [
    ("us-jpeg-baseline-444", "image/jpeg"), ("ct-jpeg-lossless-sv1", "image/jpeg"), ("ct-jpegls-lossless", "image/jls"),
    ("us-j2k-lossless", "image/jp2"), ("ct-rle", "image/dicom-rle"),
])  # fmt: skip
def test_a_compressed_frame_comes_as_it_is_or_decoded(client, files, name, media_type):
    path = files / "encoded" / f"{name}.dcm"
    sent = pydicom.dcmread(path)
    post_file(client, path)
    syntax = sent.file_meta.TransferSyntaxUID
    frames = list(pydicom.encaps.generate_frames(sent.PixelData, number_of_frames=int(sent.get("NumberOfFrames", 1))))
    asked = {"frame_numbers": [1], "media_types": ((media_type, syntax),)}
    assert client.retrieve_instance_frames(*uids(sent), **asked)[0].rstrip(b"\0") == frames[0].rstrip(b"\0")
    (decoded,) = client.retrieve_instance_frames(*uids(sent), frame_numbers=[1], media_types=("application/octet-stream",))
    expected = sent.pixel_array if "NumberOfFrames" not in sent else sent.pixel_array[0]
    assert len(decoded) == expected.nbytes


def post_file(client, path) -> None:
    """Stores a file as its bytes, which dicomweb-client cannot: it writes it anew."""
    head = b'--b\r\nContent-Type: application/dicom\r\n\r\n'
    answer = Session().post(
        f"{client.base_url}/studies",
        data=head + path.read_bytes() + b"\r\n--b--\r\n",
        headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=b', "Accept": "application/dicom+json"},
        timeout=20,
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_a_search_finds_at_every_level_and_pages_without_repeating(reader, level):
    search = getattr(reader, f"search_for_{level}")
    key = {"studies": STUDY, "series": SERIES, "instances": INSTANCE}[level]
    every = [value(row, key) for row in search()]
    assert len(every) == len(set(every)) > 5
    pages, offset = [], 0
    while page := [value(row, key) for row in search(limit=4, offset=offset)]:
        assert len(page) <= 4
        pages += page
        offset += 4
        if offset > 40:
            break
    assert pages == every[: len(pages)]
    assert [value(row, key) for row in search(limit=4, get_remaining=True)] == every


def test_a_search_is_narrowed_by_what_it_is_under(reader):
    for study in reader.search_for_studies():
        series = reader.search_for_series(study_instance_uid=value(study, STUDY))
        assert value(study, "00201206") == len(series)
        for one in series:
            rows = reader.search_for_instances(study_instance_uid=value(study, STUDY), series_instance_uid=value(one, SERIES))
            assert value(one, "00201209") == len(rows)


def test_a_search_filters_by_name_date_and_modality(reader):
    def names(**filters):
        options = {"fuzzymatching": filters.pop("fuzzymatching", None)}
        rows = reader.search_for_studies(search_filters=filters, **options)
        return {value(row, "00100010")["Alphabetic"] for row in rows if value(row, "00100010")}

    assert "DOE^JOHN" in names(PatientName="DOE*")
    assert names(PatientName="doe*") == names(PatientName="DOE*")
    # A name without a space: dicomweb-client writes one as a plus sign, which stays one in a URI (RFC 3986, PS3.18 8.3.1).
    assert names(PatientName="JOHN") == set()
    assert "DOE^JOHN" in names(PatientName="JOHN", fuzzymatching=True)
    assert names(PatientName="nobody") == set()
    days = sorted(value(row, "00080020") for row in reader.search_for_studies() if value(row, "00080020"))
    rows = reader.search_for_studies(search_filters={"StudyDate": f"{days[2]}-{days[5]}"})
    assert sorted(value(row, "00080020") for row in rows) == [day for day in days if days[2] <= day <= days[5]]
    for row in reader.search_for_studies(search_filters={"ModalitiesInStudy": "MR"}):
        assert "MR" in row["00080061"]["Value"]


def test_names_in_every_script_come_back_and_are_found(reader):
    rows = reader.search_for_studies()
    groups = [text for row in rows for text in (value(row, "00100010") or {}).values()]
    for part in ("MÜLLER", "山田", "やまだ", "홍", "王", "Иванович", "Διονυσίου", "قباني", "NGUYỄN"):
        assert any(part in text for text in groups), part
        assert reader.search_for_studies(search_filters={"PatientName": f"*{part}*"}) or reader.search_for_studies(
            search_filters={"PatientName": f"*=*{part}*"}
        ), part


def test_fields_that_are_asked_for_are_returned(reader):
    for field in ("PatientComments", "00081030", "StudyDescription"):
        (row, *_) = reader.search_for_studies(fields=[field], limit=1)
        assert ("00104000" if field == "PatientComments" else "00081030") in row
    (row, *_) = reader.search_for_instances(fields=["all"], limit=1)
    (least, *_) = reader.search_for_instances(limit=1)
    assert set(least) < set(row)


def test_one_refused_slice_is_a_failed_item_and_the_others_are_kept(client, archive, files):
    slices = [pydicom.dcmread(path) for path in images(files)]
    refused = slices[3].SOPInstanceUID
    archive.inject({"when": {"instance": refused}, "then": {"refuse-instance": {"reason": "A700"}}})
    answer = client.store_instances(slices)
    assert [item.ReferencedSOPInstanceUID for item in answer.FailedSOPSequence] == [refused]
    assert answer.FailedSOPSequence[0].FailureReason == 0xA700
    rows = client.search_for_instances(study_instance_uid=slices[0].StudyInstanceUID)
    assert {value(row, INSTANCE) for row in rows} == {one.SOPInstanceUID for one in slices} - {refused}


def test_an_instance_of_another_study_is_refused_where_the_url_names_one(client, files):
    first, second = pydicom.dcmread(images(files)[0]), pydicom.dcmread(sorted((files / "mr").glob("*.dcm"))[0])
    answer = client.store_instances([first, second], study_instance_uid=first.StudyInstanceUID)
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [first.SOPInstanceUID]
    assert [item.ReferencedSOPInstanceUID for item in answer.FailedSOPSequence] == [second.SOPInstanceUID]


def test_no_match_is_an_empty_list(client):
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []


def test_what_is_not_there_is_404(client):
    for missing in (
        lambda: client.retrieve_study("1.2.3"),
        lambda: client.retrieve_instance_metadata("1.2.3", "1.2.4", "1.2.5"),
        lambda: client.retrieve_instance_rendered("1.2.3", "1.2.4", "1.2.5", media_types=("image/png",)),
    ):
        with pytest.raises(HTTPError) as refused:
            missing()
        assert refused.value.response.status_code == 404


def test_instances_series_and_studies_are_deleted_only_where_that_is_allowed(files):
    slices = [pydicom.dcmread(path) for path in images(files)]
    other = pydicom.dcmread(sorted((files / "mr").glob("*.dcm"))[0])
    study, series, instance = uids(slices[0])
    with running("--empty") as archive:
        client = DICOMwebClient(url=archive.web)
        client.store_instances(slices)
        with pytest.raises(HTTPError) as refused:
            client.delete_instance(study, series, instance)
        assert refused.value.response.status_code == 405
        assert len(client.search_for_instances(study)) == len(slices)
    with running("--empty", "--delete", "allowed") as archive:
        client = DICOMwebClient(url=archive.web)
        client.store_instances([*slices, other])
        client.delete_instance(study, series, instance)
        assert {value(row, INSTANCE) for row in client.search_for_instances(study)} == {one.SOPInstanceUID for one in slices[1:]}
        client.delete_series(study, series)
        assert [value(row, STUDY) for row in client.search_for_studies()] == [other.StudyInstanceUID]
        client.delete_study(other.StudyInstanceUID)
        assert client.search_for_studies() == []


def test_everything_works_over_tls_with_a_password(certificates, files):
    secured = ("--tls", certificates.chain, certificates.key, "--auth", "basic:anna:secret")
    with running("--empty", *secured) as archive:
        session = Session()
        session.trust_env = False
        session.verify = str(certificates.authority)
        with pytest.raises(HTTPError) as refused:
            DICOMwebClient(url=archive.web, session=session).search_for_studies()
        assert refused.value.response.status_code == 401
        session.auth = ("anna", "secret")
        client = DICOMwebClient(url=archive.web, session=session)
        sent = pydicom.dcmread(images(files)[0])
        client.store_instances([sent])
        assert client.retrieve_instance(*uids(sent)) == sent


def picture(content: bytes) -> numpy.ndarray:
    """Grey or RGB, as integers."""
    image = Image.open(io.BytesIO(content))
    return numpy.asarray(image.convert("RGB" if image.mode in ("RGB", "RGBA", "P") else "L")).astype(int)


def windowed(instance: pydicom.Dataset, centre: float, width: float) -> numpy.ndarray:
    """What pydicom makes of a grey instance under a window, as eight bits."""
    instance.WindowCenter, instance.WindowWidth = centre, width
    instance.pop("VOILUTFunction", None)
    instance.pop("VOILUTSequence", None)
    shown = apply_voi_lut(apply_modality_lut(instance.pixel_array, instance), instance)
    # The window's range is that of the stored values after the modality transformation; here it becomes black to white.
    least, most = voi_range(instance)
    shown = (shown - least) / (most - least) * 255
    return 255 - shown if instance.PhotometricInterpretation == "MONOCHROME1" else shown


def voi_range(instance: pydicom.Dataset) -> tuple[float, float]:
    """The range that pydicom gives the output of a window."""
    low, high = (-(2 ** (instance.BitsStored - 1)), 2 ** (instance.BitsStored - 1) - 1) if instance.PixelRepresentation else (0, 2**instance.BitsStored - 1)
    slope, intercept = float(instance.get("RescaleSlope", 1)), float(instance.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept


@pytest.mark.parametrize("name", [
    "ct-native", "ct-rle", "ct-jpeg-lossless", "ct-jpeg-lossless-sv1", "ct-jpegls-lossless", "ct-j2k-lossless", "ct-deflated",
    "mr-native", "mr-jpegls-near", "mr-j2k",
])  # fmt: skip
def test_a_rendered_grey_image_is_the_one_that_pydicom_shows(client, files, name):
    path = files / "encoded" / f"{name}.dcm"
    post_file(client, path)
    sent = pydicom.dcmread(path)
    values = apply_modality_lut(sent.pixel_array, sent)
    for share in (0.3, 1.0):
        centre, width = float(values.mean()), max(float(values.max() - values.min()) * share, 2)
        content = client.retrieve_instance_rendered(
            *uids(sent), media_types=("image/png",), params={"window": f"{centre:.3f},{width:.3f},linear"}
        )
        difference = numpy.abs(picture(content) - windowed(pydicom.dcmread(path), round(centre, 3), round(width, 3)))
        assert difference.max() <= 1.01, (name, share, difference.max())


@pytest.mark.parametrize("name, most", [
    ("us-native", 0), ("us-rle", 0), ("us-jpeg-lossless-sv1", 0), ("us-j2k-lossless", 0), ("us-jpeg-baseline-444", 3), ("us-jpeg-baseline-422", 60),
])  # fmt: skip
def test_a_rendered_colour_frame_is_the_one_that_pydicom_shows(client, files, name, most):
    path = files / "encoded" / f"{name}.dcm"
    post_file(client, path)
    sent = pydicom.dcmread(path)
    expected = pydicom.pixels.pixel_array(sent)
    for number in range(1, sent.NumberOfFrames + 1):
        content = client.retrieve_instance_frames_rendered(*uids(sent), frame_numbers=[number], media_types=("image/png",))
        difference = numpy.abs(picture(content) - expected[number - 1].astype(int))
        # Decoders of lossy JPEG may differ in rounding, and at edges in how they spread the halved colour.
        assert difference.max() <= most and difference.mean() <= 1, (name, number, difference.max(), difference.mean())


def test_a_rendered_image_has_the_type_the_size_and_the_part_that_were_asked_for(client, files):
    sent = pydicom.dcmread(images(files)[0])
    client.store_instances([sent])

    def rendered(media_type, **params):
        return Image.open(io.BytesIO(client.retrieve_instance_rendered(*uids(sent), media_types=(media_type,), params=params)))

    assert rendered("image/jpeg").format == "JPEG"
    assert rendered("image/png").format == "PNG"
    assert rendered("image/png").size == (sent.Columns, sent.Rows)
    assert rendered("image/png", viewport="100,100").size == (100, 100)
    half = sent.Columns // 2
    whole, part = rendered("image/png"), rendered("image/png", viewport=f"{half},{half},0,0,{half},{half}")
    assert numpy.array_equal(numpy.asarray(part), numpy.asarray(whole)[:half, :half])
    coarse = client.retrieve_instance_rendered(*uids(sent), media_types=("image/jpeg",), params={"quality": 10})
    fine = client.retrieve_instance_rendered(*uids(sent), media_types=("image/jpeg",), params={"quality": 95})
    assert len(coarse) < len(fine) / 2
