"""pynetdicom searches: query/retrieve at every level of both roots, and the modality worklist."""

import pytest
from pynetdicom.sop_class import ModalityWorklistInformationFind

from mock import running
from scu import FIND, associated, extended, keys, rows

# The Patient ID of John Doe of the demo patients, who has CT.
JOHN = "MRN-1001"


def found(archive, root, identifier, final=0x0000, ext_neg=()):
    with associated(archive, FIND[root], ext_neg=list(ext_neg)) as association:
        return rows(association.send_c_find(identifier, FIND[root]), final)


@pytest.mark.parametrize("root", ["PATIENT", "STUDY"])
def test_every_level_is_answered_under_the_levels_above(demo, root):
    above = {}
    wanted = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
    for level, key in wanted.items():
        if level == "PATIENT" and root == "STUDY":
            continue
        matches = found(demo, root, keys(level, **above, **{key: ""}))
        assert matches, level
        assert len({row[key].value for row in matches}) == len(matches)
        for row in matches:
            assert row.QueryRetrieveLevel == level
            assert all(row[name].value == value for name, value in above.items())
        above[key] = matches[0][key].value


def test_the_counts_of_a_study_are_those_of_the_levels_below(demo):
    counted = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "ModalitiesInStudy")
    for study in found(demo, "STUDY", keys("STUDY", StudyInstanceUID="", **dict.fromkeys(counted, ""))):
        series = found(demo, "STUDY", keys("SERIES", StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID="", Modality="", NumberOfSeriesRelatedInstances=""))
        assert study.NumberOfStudyRelatedSeries == len(series)
        assert study.NumberOfStudyRelatedInstances == sum(row.NumberOfSeriesRelatedInstances for row in series)
        modalities = study.ModalitiesInStudy if not isinstance(study.ModalitiesInStudy, str) else [study.ModalitiesInStudy]
        assert sorted(modalities) == sorted({row.Modality for row in series})


def test_a_level_that_the_root_has_not_or_that_is_missing_is_refused(demo):
    for root, identifier in [("STUDY", keys("PATIENT", PatientID="")), ("STUDY", keys(None, PatientID="")), ("PATIENT", keys("FRAME", PatientID=""))]:
        with associated(demo, FIND[root]) as association:
            (answer,) = association.send_c_find(identifier, FIND[root])
            assert answer[0].Status == 0xA900, identifier


def test_keys_above_are_needed_until_relational_queries_are_negotiated(demo):
    identifier = keys("IMAGE", SOPInstanceUID="", Modality="CT", StudyInstanceUID="")
    with associated(demo, FIND["STUDY"]) as association:
        (answer,) = association.send_c_find(identifier, FIND["STUDY"])
        assert answer[0].Status == 0xA900
    relational = [extended(FIND["STUDY"], 1)]
    with associated(demo, FIND["STUDY"], ext_neg=relational) as association:
        assert association.acceptor.sop_class_extended == {FIND["STUDY"]: b"\x01"}
        matches = rows(association.send_c_find(identifier, FIND["STUDY"]))
    assert len(matches) > 10
    assert len({row.StudyInstanceUID for row in matches}) > 1


def test_extensions_that_policy_has_not_are_not_agreed_to():
    with running("--extensions", "none") as archive:
        with associated(archive, FIND["STUDY"], ext_neg=[extended(FIND["STUDY"], 1, 1, 1)]) as association:
            assert association.acceptor.sop_class_extended.get(FIND["STUDY"], b"\x00\x00\x00") == b"\x00\x00\x00"


def names(matches) -> set[str]:
    return {str(row.PatientName) for row in matches}


def test_names_match_by_wildcard_and_by_sound_once_that_is_negotiated(demo):
    def by_name(name, ext_neg=()):
        return names(found(demo, "STUDY", keys("STUDY", PatientName=name, StudyInstanceUID=""), ext_neg=ext_neg))

    assert "DOE^JOHN" in by_name("DOE*") and by_name("DOE*") == by_name("doe*")
    assert by_name("D?E^JOHN") == {"DOE^JOHN"}
    assert by_name("JON") == set()
    fuzzy = [extended(FIND["STUDY"], 0, 0, 1)]
    assert "DOE^JOHN" in by_name("JOHN DOE", fuzzy)
    assert by_name("JOHN DOE") == set()


def test_names_in_every_script_come_back_as_they_were_written(demo):
    text = " ".join(names(found(demo, "STUDY", keys("STUDY", PatientName="", StudyInstanceUID=""))))
    for part in ("MÜLLER", "山田", "やまだ", "홍", "王", "Иванович", "Διονυσίου", "قباني", "NGUYỄN"):
        assert part in text, f"{part} is not in {text}"


@pytest.mark.parametrize("charset, name", [
    ("ISO_IR 100", "MÜLLER*"), ("ISO_IR 192", "*=山田*"), ("ISO_IR 144", "*Иван*"), ("ISO_IR 192", "*قباني*"),
    ("\\ISO 2022 IR 87", "*=山田*"), ("ISO_IR 192", "*MÜLLER*"),
])  # fmt: skip
def test_a_name_is_found_in_whatever_character_set_it_is_asked_for(demo, charset, name):
    identifier = keys("STUDY", SpecificCharacterSet=charset.split("\\"), PatientName=name, StudyInstanceUID="")
    assert found(demo, "STUDY", identifier), (charset, name)


def test_dates_times_and_lists_match_as_ranges_and_sets(demo):
    every = found(demo, "STUDY", keys("STUDY", StudyInstanceUID="", StudyDate="", StudyTime="", ModalitiesInStudy=""))
    days = sorted({row.StudyDate for row in every if row.StudyDate})
    for asked, kept in [
        (days[0], lambda day: day == days[0]),
        (f"{days[1]}-{days[-2]}", lambda day: days[1] <= day <= days[-2]),
        (f"-{days[2]}", lambda day: day <= days[2]),
        (f"{days[2]}-", lambda day: day >= days[2]),
    ]:
        matches = found(demo, "STUDY", keys("STUDY", StudyInstanceUID="", StudyDate=asked))
        assert {row.StudyInstanceUID for row in matches} == {row.StudyInstanceUID for row in every if row.StudyDate and kept(row.StudyDate)}, asked
    wanted = [row.StudyInstanceUID for row in every[:3]]
    assert [row.StudyInstanceUID for row in found(demo, "STUDY", keys("STUDY", StudyInstanceUID=wanted))] == wanted


def test_a_date_and_a_time_make_one_interval_once_that_is_negotiated(demo):
    every = found(demo, "STUDY", keys("STUDY", StudyInstanceUID="", StudyDate="", StudyTime=""))
    dated = sorted((row.StudyDate + row.StudyTime[:6], row.StudyInstanceUID) for row in every if row.StudyDate and row.StudyTime)
    (first, last) = dated[1][0], dated[-2][0]
    asked = keys("STUDY", StudyInstanceUID="", StudyDate=f"{first[:8]}-{last[:8]}", StudyTime=f"{first[8:]}-{last[8:]}")
    combined = found(demo, "STUDY", asked, ext_neg=[extended(FIND["STUDY"], 0, 1, 0)])
    assert {row.StudyInstanceUID for row in combined} == {uid for moment, uid in dated if first <= moment <= last}
    apart = found(demo, "STUDY", asked)
    assert {row.StudyInstanceUID for row in apart} == {
        uid for moment, uid in dated if first[:8] <= moment[:8] <= last[:8] and first[8:] <= moment[8:] <= last[8:]
    }


def test_a_key_that_is_not_known_is_told_by_the_status(demo):
    identifier = keys("STUDY", PatientID=JOHN, StudyInstanceUID="")
    identifier.add_new(0x00091001, "LO", "whatever")
    with associated(demo, FIND["STUDY"]) as association:
        statuses = [status.Status for status, _ in association.send_c_find(identifier, FIND["STUDY"])]
    assert statuses == [0xFF01] * (len(statuses) - 1) + [0x0000] and len(statuses) > 1


def test_a_search_that_is_cancelled_ends_as_cancelled():
    with running() as archive:
        # Slow to begin, so that the cancellation comes before the end.
        archive.inject({"when": {"service": "search"}, "then": {"delay": {"by": "200ms"}}})
        with associated(archive, FIND["STUDY"]) as association:
            answers = association.send_c_find(keys("STUDY", StudyInstanceUID=""), FIND["STUDY"], msg_id=7)
            association.send_c_cancel(7, query_model=FIND["STUDY"])
            rows(answers, final=0xFE00)
            assert rows(association.send_c_find(keys("STUDY", PatientID=JOHN), FIND["STUDY"], msg_id=8))


def scheduled(archive, final=0x0000, **step):
    """Worklist items whose step matches."""
    item = keys(None, **{"Modality": "", "ScheduledStationAETitle": "", "ScheduledProcedureStepStartDate": "", "ScheduledProcedureStepID": "", **step})
    identifier = keys(None, PatientID="", PatientName="", AccessionNumber="", StudyInstanceUID="", RequestedProcedureID="")
    identifier.ScheduledProcedureStepSequence = [item]
    with associated(archive, ModalityWorklistInformationFind) as association:
        return rows(association.send_c_find(identifier, ModalityWorklistInformationFind), final)


def test_the_worklist_is_found_by_the_keys_of_its_steps(demo):
    every = scheduled(demo)
    assert len(every) > 3
    for row in every:
        (step,) = row.ScheduledProcedureStepSequence
        assert row.PatientID and row.StudyInstanceUID and step.ScheduledProcedureStepID
    for keyword in ("Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate"):
        values = {row.ScheduledProcedureStepSequence[0][keyword].value for row in every}
        for value in values:
            assert [row.PatientID for row in scheduled(demo, **{keyword: value})] == [
                row.PatientID for row in every if row.ScheduledProcedureStepSequence[0][keyword].value == value
            ]


def test_a_worklist_search_that_is_cancelled_ends_as_cancelled():
    with running() as archive:
        archive.inject({"when": {"service": "worklist"}, "then": {"delay": {"by": "200ms"}}})
        with associated(archive, ModalityWorklistInformationFind) as association:
            answers = association.send_c_find(keys(None, PatientID=""), ModalityWorklistInformationFind, msg_id=3)
            association.send_c_cancel(3, query_model=ModalityWorklistInformationFind)
            rows(answers, final=0xFE00)
