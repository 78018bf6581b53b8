//! XML documents of answers as a tree, read with a bound on depth.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::outcome::{Finding, Verdict};

/// Elements deeper than this are not read.
const DEPTH_LIMIT: usize = 64;

/// An element with all that is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name without a prefix.
    pub name: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// The elements in it, in order.
    pub children: Vec<Element>,
    /// The text directly in it.
    pub text: String,
}

impl Element {
    /// The root of a document.
    ///
    /// # Errors
    /// A failure if it is not well-formed.
    pub fn read(document: &[u8]) -> Verdict<Self> {
        let wrong = |what: &dyn std::fmt::Display| {
            Finding::fail(format!("a body that is no XML document: {what}"))
        };
        let text = std::str::from_utf8(document).map_err(|error| wrong(&error))?;
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().map_err(|error| wrong(&error))? {
                Event::Start(start) => {
                    if open.len() > DEPTH_LIMIT {
                        return Err(wrong(&format!("more than {DEPTH_LIMIT} levels")));
                    }
                    open.push(Self::started(&start).map_err(|error| wrong(&error))?);
                }
                Event::Empty(start) => {
                    let element = Self::started(&start).map_err(|error| wrong(&error))?;
                    last(&mut open).children.push(element);
                }
                Event::End(_) => {
                    // The reader refuses ends that no start belongs to.
                    let element = open.pop().unwrap_or_default();
                    last(&mut open).children.push(element);
                }
                Event::Text(text) => {
                    last(&mut open).text.push_str(&text);
                }
                Event::GeneralRef(name) => {
                    let name: &str = &name;
                    let resolved = quick_xml::escape::unescape(&format!("&{name};"))
                        .map(|text| text.into_owned())
                        .map_err(|error| wrong(&error))?;
                    last(&mut open).text.push_str(&resolved);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let mut top = open.pop().unwrap_or_default();
        match (open.is_empty(), top.children.len()) {
            (true, 1) => Ok(top.children.remove(0)),
            (true, count) => Err(wrong(&format!("{count} root elements"))),
            (false, _) => Err(wrong(&"it ends inside an element")),
        }
    }

    fn started(start: &quick_xml::events::BytesStart<'_>) -> Result<Self, String> {
        let name = start.local_name().as_ref().to_owned();
        let mut attributes = BTreeMap::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value =
                quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
            let key = attribute.key.as_ref().to_owned();
            attributes.insert(key, value.into_owned());
        }
        Ok(Self {
            name,
            attributes,
            ..Self::default()
        })
    }

    /// The elements of this name directly in it.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// An attribute; empty if it is not there.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// The DICOM attribute of this tag directly in it (PS3.19 A.1.5).
    pub fn dicom(&self, tag: dicom_core::Tag) -> Option<&Self> {
        let key = format!("{:04X}{:04X}", tag.group(), tag.element());
        self.all("DicomAttribute")
            .find(|attribute| attribute.attribute("tag").eq_ignore_ascii_case(&key))
    }
}

/// There is always the document itself at the bottom.
fn last(open: &mut Vec<Element>) -> &mut Element {
    if open.is_empty() {
        open.push(Element::default());
    }
    let top = open.len() - 1;
    &mut open[top]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_and_a_broken_one_is_not() {
        let tree =
            Element::read(b"<?xml version=\"1.0\"?>\n<a x=\"1&amp;2\"><n:b>t&lt;</n:b><b/></a>\n");
        let tree = tree.unwrap();
        assert_eq!((tree.name.as_str(), tree.attribute("x")), ("a", "1&2"));
        let texts: Vec<_> = tree.all("b").map(|b| b.text.as_str()).collect();
        assert_eq!(texts, ["t<", ""]);
        let deep = "<a>".repeat(100);
        for broken in ["", "<a>", "<a></b>", "<a/><b/>", "text", &deep] {
            assert!(Element::read(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
