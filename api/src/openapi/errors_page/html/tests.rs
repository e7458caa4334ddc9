use super::*;
use crate::openapi::document;
use crate::problem::{Code, Problem};

#[test]
fn the_type_of_every_problem_leads_to_a_place_on_the_page() {
    let page = errors_html(&document());
    for code in Code::ALL {
        let body = serde_json::to_value(Problem::new(*code).body()).unwrap();
        let place = body["type"].as_str().unwrap().strip_prefix("/errors#").unwrap();
        let section = format!("<section id=\"{place}\">");
        assert_eq!(page.matches(&section).count(), 1, "{place}");
    }
}

#[test]
fn the_page_says_what_the_file_says() {
    let page = errors_html(&document());
    let text = super::super::errors_page(&document());
    for line in text.lines().filter(|line| line.starts_with("Answered by ")) {
        assert!(page.contains(&marked_up(line)), "{line}");
    }
    for code in Code::ALL {
        assert!(page.contains(&marked_up(code.advice())), "{code:?}");
    }
}

#[test]
fn the_page_loads_nothing_runs_nothing_and_is_small() {
    let page = errors_html(&document());
    for loads in ["<script", "<link", "<img", "src=", "url(", "@import", "=\"http"] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert!(page.len() < 64 * 1024, "{}", page.len());
}

#[test]
fn text_is_escaped_inside_code_and_outside() {
    assert_eq!(
        marked_up("send `Bearer <token>` & wait"),
        "send <code>Bearer &lt;token&gt;</code> &amp; wait"
    );
}
