//! The picture of what is inside: a treemap of bytes, its legend, and the same as a table. Nothing is said by colour alone: shades
//! have patterns and words.

use super::super::words;
use super::block::{Block, Shade, gathered, total};
use super::markup::Markup;
use super::regard::Regard;
use super::treemap::{Area, squarified};
use super::{MOST_NAME, Place};

/// How a picture is laid out: for a wide page, and for a narrow one.
struct Frame {
    class: &'static str,
    width: f64,
    /// Where there is much to see, and where there is little.
    height: [f64; 2],
    /// Blocks at most.
    most: usize,
}

/// Blocks from which there is much to see.
const MANY: usize = 5;

const FRAMES: [Frame; 2] = [
    Frame { class: "wide", width: 960.0, height: [340.0, 150.0], most: 60 },
    Frame { class: "narrow", width: 360.0, height: [400.0, 190.0], most: 28 },
];

/// The least share of the whole that is drawn by itself.
const LEAST_SHARE: f64 = 0.0016;

/// Packages that the legend names by shade.
const MOST_NAMED: usize = 8;

/// The widths of a name's and a figure's characters, and what a block keeps free around them.
const NAME: f64 = 7.9;
const FIGURE: f64 = 6.8;
const MARGIN: f64 = 8.0;

/// Writes the picture.
pub(super) fn picture(markup: &mut Markup, blocks: &[Block], regard: &Regard<'_>, place: Place) {
    markup.element("figure", &[("class", "inside")], |figure| {
        for frame in &FRAMES {
            drawing(figure, &gathered(blocks, frame.most, LEAST_SHARE), frame, regard, place);
        }
        figure.element("figcaption", &[], |caption| legend(caption, blocks, regard, place));
    });
    markup.element("details", &[("class", "picture-table")], |details| {
        details.leaf("summary", &[], "The picture as a table");
        table(details, &gathered(blocks, FRAMES[0].most, LEAST_SHARE), total(blocks));
    });
}

fn drawing(figure: &mut Markup, blocks: &[Block], frame: &Frame, regard: &Regard<'_>, place: Place) {
    let sum = total(blocks);
    let weights: Vec<f64> = blocks.iter().map(|block| block.bytes as f64).collect();
    let [high, low] = frame.height;
    let height = if blocks.len() < MANY { low } else { high };
    let areas = squarified(&weights, Area { x: 0.0, y: 0.0, width: frame.width, height });
    let view = format!("0 0 {} {height}", frame.width);
    let title = place.id(&format!("picture-{}", frame.class));
    let class = format!("treemap {}", frame.class);
    let attributes = [("class", class.as_str()), ("viewBox", &view), ("role", "img"), ("aria-labelledby", &title)];
    figure.element("svg", &attributes, |svg| {
        svg.template("\n");
        svg.leaf("title", &[("id", &title)], "Bytes by package, as the legend and the table say in words");
        for (block, area) in blocks.iter().zip(areas) {
            let number = block.purl.as_deref().and_then(|purl| regard.number(purl));
            match number {
                Some(number) => {
                    let target = format!("#{}", place.subject(number));
                    svg.element("a", &[("href", &target)], |link| one(link, block, area, sum));
                    svg.template("\n");
                }
                None => one(svg, block, area, sum),
            }
        }
    });
    figure.template("\n");
}

fn one(svg: &mut Markup, block: &Block, area: Area, sum: u64) {
    let class = format!("block {}", block.shade.class());
    svg.element("g", &[("class", &class)], |group| {
        group.leaf("title", &[], &told(block, sum));
        rectangle(group, "tint", area);
        if !matches!(block.shade, Shade::Fine | Shade::Own) {
            rectangle(group, "pattern", area);
        }
        label(group, block, area);
    });
}

/// `lodash 4.17.15: 1.4 MB, 8 %, denied`.
fn told(block: &Block, sum: u64) -> String {
    let name = words::clipped(&block.name, MOST_NAME);
    format!("{name}: {}, {}, {}", words::bytes(block.bytes), words::share(block.bytes, sum), block.shade.word())
}

fn rectangle(group: &mut Markup, class: &str, area: Area) {
    let [x, y, width, height] = [area.x, area.y, area.width, area.height].map(short);
    group.empty("rect", &[("class", class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)]);
}

/// The name where there is room for it, and the bytes below.
fn label(group: &mut Markup, block: &Block, area: Area) {
    let room = |width: f64| ((area.width - 2.0 * MARGIN) / width).floor().max(0.0) as usize;
    let sign = match block.shade {
        Shade::Denied => "✕ ",
        Shade::Unjudged => "? ",
        Shade::Warned => "! ",
        _ => "",
    };
    let whole = format!("{sign}{}", block.name);
    let fits = room(NAME);
    if area.height < 21.0 || fits < 2 {
        return;
    }
    let is_whole = whole.chars().count() <= fits;
    // A beginning that says nothing is no label; the sign alone says something.
    let name: String = match is_whole {
        true => whole,
        false if fits >= 6 => whole.chars().take(fits - 1).chain(['…']).collect(),
        false => sign.trim_end().to_owned(),
    };
    if name.is_empty() {
        return;
    }
    // A drawing within the drawing: whatever the font, nothing is drawn beyond the block.
    let [x, y, width, height] = [area.x, area.y, area.width, area.height].map(short);
    group.element("svg", &[("x", &x), ("y", &y), ("width", &width), ("height", &height)], |inner| {
        let margin = short(MARGIN);
        inner.leaf("text", &[("x", &margin), ("y", "17")], &name);
        let figure = words::bytes(block.bytes);
        if area.height >= 38.0 && figure.chars().count() <= room(FIGURE) {
            inner.leaf("text", &[("class", "figure"), ("x", &margin), ("y", "33")], &figure);
        }
    });
}

/// A length, to a tenth.
fn short(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn legend(caption: &mut Markup, blocks: &[Block], regard: &Regard<'_>, place: Place) {
    let sum = total(blocks);
    caption.element("ul", &[("class", "legend")], |list| {
        for shade in Shade::ALL {
            let of: Vec<&Block> = blocks.iter().filter(|block| block.shade == shade).collect();
            if of.is_empty() {
                continue;
            }
            let bytes = of.iter().fold(0_u64, |bytes, block| bytes.saturating_add(block.bytes));
            list.element("li", &[("class", shade.class())], |entry| {
                swatch(entry, shade);
                entry.leaf("b", &[], shade.word());
                entry.text(&format!(" {}, {}", words::bytes(bytes), words::share(bytes, sum)));
                let packages: usize = of.iter().map(|block| block.packages).sum();
                if packages > 0 {
                    entry.text(&format!(", {}", words::count(packages, "package")));
                }
                if matches!(shade, Shade::Denied | Shade::Unjudged | Shade::Warned) {
                    entry.text(": ");
                    named(entry, &of, regard, place);
                }
            });
        }
    });
}

/// The blocks of a shade by name, the largest first, each with where the report speaks of it.
fn named(entry: &mut Markup, blocks: &[&Block], regard: &Regard<'_>, place: Place) {
    for (at, block) in blocks.iter().take(MOST_NAMED).enumerate() {
        if at > 0 {
            entry.text(", ");
        }
        let name = words::clipped(&block.name, 60);
        match block.purl.as_deref().and_then(|purl| regard.number(purl)) {
            Some(number) => entry.leaf("a", &[("href", &format!("#{}", place.subject(number)))], &name),
            None => entry.text(&name),
        }
    }
    if blocks.len() > MOST_NAMED {
        entry.text(&format!(" and {} more", blocks.len() - MOST_NAMED));
    }
}

fn swatch(entry: &mut Markup, shade: Shade) {
    let class = format!("swatch block {}", shade.class());
    entry.element("svg", &[("class", &class), ("viewBox", "0 0 16 16"), ("aria-hidden", "true")], |svg| {
        let area = Area { x: 0.5, y: 0.5, width: 15.0, height: 15.0 };
        rectangle(svg, "tint", area);
        if !matches!(shade, Shade::Fine | Shade::Own) {
            rectangle(svg, "pattern", area);
        }
    });
}

fn table(details: &mut Markup, blocks: &[Block], sum: u64) {
    details.element("div", &[("class", "scroll"), ("role", "region"), ("aria-label", "Bytes by package"), ("tabindex", "0")], |scroll| {
        scroll.element("table", &[], |table| {
            table.template("<thead><tr><th scope=\"col\">What</th><th scope=\"col\" class=\"number\">Bytes</th><th scope=\"col\" class=\"number\">Share</th><th scope=\"col\">Verdict</th></tr></thead>\n");
            table.element("tbody", &[], |body| {
                for block in blocks {
                    body.element("tr", &[], |row| {
                        row.leaf("th", &[("scope", "row")], &words::clipped(&block.name, MOST_NAME));
                        row.leaf("td", &[("class", "number")], &words::bytes(block.bytes));
                        row.leaf("td", &[("class", "number")], &words::share(block.bytes, sum));
                        row.leaf("td", &[], block.shade.word());
                    });
                }
            });
        });
    });
}
