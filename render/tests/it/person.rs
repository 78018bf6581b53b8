use dicom_render::person::PersonName;

#[test]
fn names_are_read_in_all_their_scripts() {
    let shown = |value| PersonName::parse(value).to_string();
    assert_eq!(
        shown("Yamada^Tarou=山田^太郎=やまだ^たろう"),
        "Yamada, Tarou (山田, 太郎, やまだ, たろう)"
    );
    assert_eq!(
        shown("Adams^John Robert Quincy^^Rev.^B.A. M.Div."),
        "Adams, Rev. John Robert Quincy B.A. M.Div."
    );
    assert_eq!(shown("=山田^太郎"), "山田, 太郎");
    assert_eq!(shown("Doe"), "Doe");
    assert_eq!(shown("^John "), "John");
    assert_eq!(shown(""), "");
}
