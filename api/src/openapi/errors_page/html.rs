//! The page to which the `type` of each problem leads: `/errors#code`.
//!
//! It is one small file that loads nothing and runs nothing.

use std::fmt::{self, Write};

use super::{Call, INTRODUCTION, answered_by, by_status, calls, example, params};

/// Light or dark, as the reader's system is; narrow enough to read; the code that the address names stands out.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
h1{line-height:1.2}h2{margin-top:2.5rem;border-bottom:1px solid #8886;padding-bottom:.2rem}\
section{margin:1rem -.75rem;padding:.1rem .75rem;border-radius:6px}section:target{background:#fc03;outline:2px solid #fc0}\
h3{margin:.5rem 0 0}h3 a{color:inherit;text-decoration:none}h3 a:hover{text-decoration:underline}p{margin:.3rem 0 .6rem}\
code,pre{font:.92em ui-monospace,monospace;background:#8882;border-radius:4px;overflow-wrap:anywhere}\
code{padding:.1em .3em}pre{padding:.8rem;overflow:auto}nav a{display:inline-block;margin:0 .8rem .3rem 0}\
.by{font-size:.875rem;opacity:.8}";

/// The page, for the calls of an OpenAPI document. It says what `docs/errors.md` says.
#[must_use]
pub fn errors_html(document: &str) -> String {
    let mut page = String::new();
    // Writing to a string doesn't fail.
    write(&mut page, &calls(document)).map_or_else(|_| String::new(), |()| page)
}

fn write(page: &mut String, calls: &[Call]) -> fmt::Result {
    writeln!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>Errors - Webhooks API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Errors</h1>"
    )?;
    writeln!(page, "<p>{}</p>", marked_up(INTRODUCTION))?;
    writeln!(page, "<pre>{}</pre>", escaped(&example()))?;
    page.push_str("<nav aria-label=\"Statuses\">");
    for first in by_status().filter_map(|codes| codes.first().copied()) {
        let status = first.status();
        write!(page, "<a href=\"#{}\">{status}</a>", status.as_u16())?;
    }
    page.push_str("</nav>\n<main>\n");
    for codes in by_status() {
        for (position, code) in codes.iter().enumerate() {
            let (name, status) = (code.as_str(), code.status());
            if position == 0 {
                writeln!(page, "<h2 id=\"{}\">{status}</h2>", status.as_u16())?;
            }
            writeln!(
                page,
                "<section id=\"{name}\">\n<h3><a href=\"#{name}\"><code>{name}</code></a></h3>"
            )?;
            let (title, advice) = (marked_up(code.title()), marked_up(code.advice()));
            writeln!(page, "<p><strong>{title}.</strong> {advice}</p>")?;
            if let Some(params) = params(*code) {
                writeln!(page, "<p>{}</p>", marked_up(&params))?;
            }
            let by = marked_up(&answered_by(*code, calls));
            writeln!(page, "<p class=\"by\">Answered by {by}.</p>\n</section>")?;
        }
    }
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// Text in which backquotes stand around code.
fn marked_up(text: &str) -> String {
    let mut html = String::new();
    for (position, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if position % 2 == 0 {
            html.push_str(&part);
        } else {
            html.push_str("<code>");
            html.push_str(&part);
            html.push_str("</code>");
        }
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
