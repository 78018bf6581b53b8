//! What a capabilities document declares (PS3.18 Annex H).

use super::xml::Element;

/// The methods of all resources with their paths, relative to the base; parameters as `{}`.
pub fn declared(document: &Element) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for tree in document.all("resources") {
        walk(tree, "", &mut found);
    }
    found
}

fn walk(element: &Element, above: &str, found: &mut Vec<(String, String)>) {
    for method in element.all("method") {
        found.push((method.attribute("name").to_owned(), above.to_owned()));
    }
    for resource in element.all("resource") {
        let segments = resource.attribute("path").split('/');
        let segments = segments.filter(|segment| !segment.is_empty());
        let own: Vec<_> = segments
            .map(|segment| {
                if segment.starts_with('{') {
                    "{}"
                } else {
                    segment
                }
            })
            .collect();
        let path = [above, &own.join("/")];
        let path: Vec<_> = path.into_iter().filter(|part| !part.is_empty()).collect();
        walk(resource, &path.join("/"), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_and_flat_trees_declare_the_same() {
        let nested = "<application><resources><resource path='studies'><method name='GET'/><resource path='{StudyInstanceUID}'><method name='POST'/></resource></resource></resources></application>";
        let flat = "<application><resources><resource path='/studies'><method name='GET'/></resource><resource path='studies/{study}/'><method name='POST'/></resource></resources></application>";
        for text in [nested, flat] {
            let all = declared(&Element::read(text.as_bytes()).unwrap());
            let all: Vec<_> = all.iter().map(|(m, p)| (m.as_str(), p.as_str())).collect();
            assert_eq!(all, [("GET", "studies"), ("POST", "studies/{}")]);
        }
    }
}
