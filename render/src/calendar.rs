//! Dates and times of a data set as ISO 8601 writes them (PS3.5 6.2, VRs DA, TM and DT).

/// `20190317` as `2019-03-17`; what is no date stays.
pub(crate) fn date(value: &str) -> String {
    match value
        .split_at_checked(4)
        .and_then(|(year, rest)| Some((year, rest.split_at_checked(2)?)))
    {
        Some((year, (month, day))) if value.len() == 8 && is_number(value) => {
            format!("{year}-{month}-{day}")
        }
        _ => value.to_owned(),
    }
}

/// `173315.5` as `17:33:15.5`; what is no time stays.
pub(crate) fn time(value: &str) -> String {
    let (whole, fraction) = value.split_at(value.find('.').unwrap_or(value.len()));
    if !is_number(whole) || !matches!(whole.len(), 2 | 4 | 6) {
        return value.to_owned();
    }
    let parts: Vec<&str> = [0, 2, 4]
        .into_iter()
        .filter_map(|at| whole.get(at..at + 2))
        .collect();
    parts.join(":") + fraction
}

/// `20190317173315+0100` as `2019-03-17 17:33:15 +0100`; what is neither stays.
pub(crate) fn date_time(value: &str) -> String {
    let (moment, zone) = value.split_at(value.find(['+', '-']).unwrap_or(value.len()));
    let zone = if zone.is_empty() {
        String::new()
    } else {
        format!(" {zone}")
    };
    match moment.split_at_checked(8) {
        Some((day, "")) => date(day) + &zone,
        Some((day, rest)) if is_number(day) => format!("{} {}{zone}", date(day), time(rest)),
        _ => value.to_owned(),
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_iso_and_what_is_not_stays() {
        assert_eq!(date("20240115"), "2024-01-15");
        assert_eq!(date("2024.01.15"), "2024.01.15");
        assert_eq!(date("2024é15"), "2024é15");
        assert_eq!(time("101112.5"), "10:11:12.5");
        assert_eq!(time("10"), "10");
        assert_eq!(time("7"), "7");
        assert_eq!(
            date_time("20240115101112.25-0530"),
            "2024-01-15 10:11:12.25 -0530"
        );
        assert_eq!(date_time("2024"), "2024");
    }
}
