//! Where a reference of a CycloneDX document may lead: the components of the document, each within those around it.

use std::collections::HashMap;
use std::sync::Arc;

use super::cyclonedx::Component;
use super::document::excerpt;
use super::named::{Asked, Named};
use super::statement::Scope;
use crate::model::Object;

/// The property of fngate's own reports with the digest of a directory, and that with the digest of a layer.
const TREE: &str = "fngate:tree-sha256";
const LAYER: &str = "fngate:layer-sha256";

/// A component, where it stands in its document.
#[derive(Clone, Debug)]
pub(super) struct Place {
    named: Arc<Named>,
    /// What it lies in, where that is told apart from anything else.
    around: Option<Arc<Around>>,
    /// Whether all of the document is about it.
    is_root: bool,
}

/// What a component lies in.
#[derive(Debug)]
struct Around {
    named: Arc<Named>,
    is_root: bool,
    outer: Option<Arc<Self>>,
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// Something of the document, or any purl.
    Own(String),
    /// Something of another document.
    Foreign(String),
}

/// The places of a document.
#[derive(Default)]
pub(super) struct Places {
    /// The document's own BOM-Link, up to its `#`.
    own: Option<String>,
    root: Option<Arc<Around>>,
    by_reference: HashMap<String, Arc<Vec<Place>>>,
    by_purl: HashMap<String, Arc<Vec<Place>>>,
}

impl Places {
    /// The places of a document's subject and components. Its serial number and version make its own BOM-Link.
    pub(super) fn of(root: Option<Component>, components: Vec<Object<Component>>, own: Option<(&str, u64)>) -> Result<Self, String> {
        let link = |(serial, version): (&str, u64)| Some(format!("{}/{version}", serial.strip_prefix("urn:uuid:")?.to_ascii_lowercase()));
        let mut places = Self { own: own.and_then(link), ..Self::default() };
        let mut by_purl = HashMap::new();
        if let Some(root) = root {
            places.root = places.add(root, None, true, &mut by_purl)?;
        }
        let around = places.root.clone();
        for Object(component) in components {
            places.add(component, around.as_ref(), false, &mut by_purl)?;
        }
        places.by_purl = by_purl.into_iter().map(|(purl, list)| (purl, Arc::new(list))).collect();
        Ok(places)
    }

    /// Notes a component and those in it; gives what those lie in.
    fn add(
        &mut self,
        component: Component,
        around: Option<&Arc<Around>>,
        is_root: bool,
        by_purl: &mut HashMap<String, Vec<Place>>,
    ) -> Result<Option<Arc<Around>>, String> {
        let named = Arc::new(named(&component)?);
        let place = Place { named: Arc::clone(&named), around: around.cloned(), is_root };
        if let Some(reference) = component.reference
            && let Some(twin) = self.by_reference.insert(reference.clone(), Arc::new(vec![place.clone()]))
        {
            drop(twin);
            return Err(format!("two components have one `bom-ref`: {}", excerpt(&reference)));
        }
        if let Some(purl) = component.purl {
            by_purl.entry(purl).or_default().push(place);
        }
        let inner = if named.is_identified() { Some(Arc::new(Around { named, is_root, outer: around.cloned() })) } else { around.cloned() };
        for Object(part) in component.components.into_iter().flatten() {
            self.add(part, inner.as_ref(), false, by_purl)?;
        }
        Ok(inner)
    }

    /// What a reference names: a component by its `bom-ref` or purl, a purl, or either in a BOM-Link.
    pub(super) fn target(&self, reference: &str) -> Target {
        let Some(link) = reference.strip_prefix("urn:cdx:") else { return Target::Own(reference.to_owned()) };
        let Some((document, reference)) = link.split_once('#') else { return Target::Foreign(String::new()) };
        let reference = decoded(reference);
        let is_own = self.own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(document));
        if is_own { Target::Own(reference) } else { Target::Foreign(reference) }
    }

    /// Where it leads. Into another document it is only followed where it is a purl.
    pub(super) fn find(&self, target: &Target) -> Arc<Vec<Place>> {
        let known = |reference: &String| self.by_reference.get(reference).or_else(|| self.by_purl.get(reference)).cloned();
        match target {
            Target::Own(reference) => known(reference).unwrap_or_else(|| self.named(reference, true)),
            Target::Foreign(reference) => self.named(reference, false),
        }
    }

    /// Something of the document, nobody knows what.
    pub(super) fn unclear(&self) -> Arc<Vec<Place>> {
        Arc::new(vec![Place { named: Arc::default(), around: self.root.clone(), is_root: false }])
    }

    /// What a purl is about that no component of the document has.
    fn named(&self, purl: &str, is_own: bool) -> Arc<Vec<Place>> {
        let mut named = Named::default();
        if purl.starts_with("pkg:") {
            named.purl(purl, None);
        }
        let around = if is_own || named.has_package() { self.root.clone() } else { None };
        Arc::new(vec![Place { named: Arc::new(named), around, is_root: false }])
    }
}

impl Place {
    /// Whether exactly what is asked about is meant. The nearest around it that is told apart at all must be the artifact, or
    /// the package itself.
    pub(super) fn acquits(&self, asked: &Asked<'_>, holder: &str) -> Option<Scope> {
        if self.named.is(holder, asked.artifact) {
            return Some(Scope::Artifact);
        }
        let scope = match self.around.as_deref().map(|around| &around.named) {
            None => Scope::Package,
            Some(around) if around.is(holder, asked.artifact) => Scope::Artifact,
            Some(around) if !around.has_digest() && !around.is_vague() && around.names(asked, false) => Scope::Package,
            Some(_) => return None,
        };
        self.named.names(asked, scope == Scope::Artifact).then_some(scope)
    }

    /// Whether what is asked about may be meant: all but what is certainly another, or lies in another artifact.
    pub(super) fn concerns(&self, asked: &Asked<'_>, holder: &str) -> Option<Scope> {
        if self.named.may_be(holder) {
            return Some(Scope::Artifact);
        }
        let (mut is_here, mut is_elsewhere, mut scope) = (false, false, Scope::Package);
        let mut next = self.around.as_deref();
        while let Some(around) = next {
            next = around.outer.as_deref();
            if around.named.may_be(holder) || (!around.named.has_digest() && around.named.is_vague()) {
                (is_here, scope) = (true, Scope::Artifact);
            } else if around.named.has_digest() && (around.is_root || !around.named.has_package()) {
                // The hash of a package around another is that of what its registry gives out.
                is_elsewhere = true;
            }
        }
        if is_elsewhere && !is_here {
            None
        } else if self.named.is_unclear() || (self.is_root && !self.named.has_digest()) {
            Some(Scope::Artifact)
        } else {
            self.named.may_name(asked).then_some(scope)
        }
    }
}

/// A component by all its names.
fn named(component: &Component) -> Result<Named, String> {
    let mut named = Named::default();
    if let Some(purl) = &component.purl {
        named.purl(purl, component.version.as_deref().filter(|version| !version.is_empty()));
    }
    if component.cpe.is_some() {
        named.vaguely();
    }
    for Object(hash) in component.hashes.iter().flatten() {
        named.hash(&hash.alg, &hash.content);
    }
    for Object(property) in component.properties.iter().flatten() {
        let value = property.value.as_deref().unwrap_or_default();
        match property.name.as_deref() {
            Some(TREE) => named.hash("SHA-256", value),
            Some(LAYER) => named.mount(value),
            _ => {}
        }
    }
    named.checked()
}

/// Percent-decoded (RFC 3986, section 2.1); what is no UTF-8 then is left as it was.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                plain.push(value);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}
