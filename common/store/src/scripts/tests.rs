use std::collections::BTreeSet;
use std::time::Duration;

use redis::Value;

use super::answer::{Answer, Legible, Rest, answered, answered_in_words};
use super::parts::{PARTS, in_order};
use super::*;

record! {
    struct Parcel<'a> { label: &'a str }
    enum Content<'a> {
        "B" Book { pages: u32, title: Option<&'a str> },
        "E" Empty {},
    }
}

script! {
    /// For these tests.
    "sample" = ["clock", "store_room"]: DenyOom, Reads, needs [VIEW, LOG];
    struct Sample<'a> {
        most: u32,
        max_age: Duration;
        each name: &'a [&'a str];
        each parcel: Vec<Parcel<'a>>
    } -> ()
}

impl Listed for Sample<'_> {
    const RUNS_AS: RunsAs = RunsAs::Script;
}

fn assembled_with(lua: &'static str) -> Assembled {
    Assembled::of(&Declaration {
        needs: &[],
        body: vec![lua].leak(),
        ..Sample::DECLARATION
    })
}

#[test]
fn values_are_written_as_they_are_declared_with_the_number_of_records_before_the_groups() {
    let sample = Sample {
        most: 5,
        max_age: Duration::from_secs(2),
        name: &["one", "two"],
        parcel: vec![
            Parcel {
                label: "a",
                kind: Content::Book {
                    pages: 7,
                    title: None,
                },
            },
            Parcel {
                label: "b",
                kind: Content::Empty {},
            },
        ],
    };
    let mut command = redis::Cmd::new();
    sample.write(&mut command);
    let written: Vec<_> = command
        .args_iter()
        .map(|argument| match argument {
            redis::Arg::Simple(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            _ => panic!("a cursor"),
        })
        .collect();
    let expected = ["5", "2000", "2", "2", "one", "two", "a", "B", "7", "", "b", "E"];
    assert_eq!(written, expected);
}

#[test]
fn names_become_numbers_and_groups_become_lists_of_places() {
    let assembled = assembled_with(
        "f(ARGV[MOST], ARGV[MAX_AGE], ARGV[name], ARGV[parcel + LABEL], ARGV[parcel + KIND], ARGV[parcel + PAGES], ARGV[parcel + TITLE], ARGV[#ARGV], each_name, each_parcel)\n",
    );
    let expected = "#!lua
local each_call = {}
local each_name, each_parcel
do
each_call[#each_call + 1] = function()
each_name, each_parcel = {}, {}
do
  local at = 5
  for i = 1, tonumber(ARGV[3]) do
    each_name[i], at = at, at + 1
  end
  local widths = { B = 4, E = 2 }
  for i = 1, tonumber(ARGV[4]) do
    each_parcel[i], at = at, at + widths[ARGV[at + 1]]
  end
end
end
end
do
each_call[#each_call + 1] = function()
f(ARGV[1], ARGV[2], ARGV[name], ARGV[parcel], ARGV[parcel + 1], ARGV[parcel + 2], ARGV[parcel + 3], ARGV[#ARGV], each_name, each_parcel)
end
end
for step = 1, #each_call do
  local answer = each_call[step]()
  if answer ~= nil then
    return answer
  end
end
";
    assert_eq!(assembled.text, expected);
    assert!(
        assembled.unknown.is_empty() && assembled.unused.is_empty(),
        "{assembled:?}"
    );
}

#[test]
fn a_name_on_one_side_only_is_found() {
    let lua = "f(ARGV[MOST], ARGV[LEAST], ARGV[1], ARGV[other + LABEL], ARGV[parcel + NAME], ARGV[i], ARGV[parcel + TITLE])";
    let assembled = assembled_with(lua);
    assert_eq!(
        assembled.unknown,
        ["LEAST", "1", "other + LABEL", "parcel + NAME", "i"]
    );
    assert_eq!(
        assembled.unused,
        ["MAX_AGE", "name", "parcel + LABEL", "parcel + PAGES"]
    );
}

#[test]
fn a_comment_reads_no_argument() {
    let assembled = assembled_with("f(ARGV[MOST]) -- up to ARGV[MAX_AGE]\n-- ARGV[MOST]\nf(ARGV[name])");
    assert_eq!(assembled.unknown, [""; 0]);
    assert!(assembled.unused.contains(&"MAX_AGE".to_owned()));
    assert!(!assembled.unused.contains(&"MOST".to_owned()));
    assert!(!assembled.unused.contains(&"name".to_owned()));
}

#[test]
fn parts_stand_behind_those_that_they_need_and_none_stands_twice() {
    for part in PARTS {
        let ordered: Vec<_> = in_order(&[part]).iter().map(|part| part.name).collect();
        let each: BTreeSet<_> = ordered.iter().collect();
        assert_eq!(each.len(), ordered.len(), "{ordered:?}");
        assert_eq!(ordered.last(), Some(&part.name));
        assert_eq!(ordered[0], "base");
    }
}

#[derive(Debug, PartialEq)]
struct Pair {
    left: u32,
    right: Option<String>,
}

answered! { Pair { left, right } }

#[derive(Debug, PartialEq)]
enum Light {
    Green,
    Red(Duration),
    Off,
}

answered_in_words! {
    Light { "green" => Green, "red" => Red(wait), "" => Off }
}

fn text(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

fn list(values: &[Value]) -> Value {
    Value::Array(values.to_vec())
}

#[test]
fn a_struct_is_a_list_of_its_fields_no_shorter_and_no_longer() {
    let pair = Pair::read(list(&[Value::Int(7), text("x")])).unwrap();
    assert_eq!((pair.left, pair.right.as_deref()), (7, Some("x")));
    assert_eq!(Pair::read(list(&[Value::Int(7), text("")])).unwrap().right, None);
    for wrong in [
        list(&[Value::Int(7)]),
        list(&[Value::Int(7), text("x"), text("y")]),
        list(&[text("seven"), text("x")]),
        text("x"),
    ] {
        assert!(Pair::read(wrong.clone()).is_err(), "{wrong:?}");
        assert!(<(u32, Option<String>)>::read(wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn an_enum_is_a_word_or_a_list_that_begins_with_one() {
    let red = list(&[text("red"), Value::Int(1500)]);
    for (answer, expected) in [
        (text("green"), Light::Green),
        (list(&[text("green")]), Light::Green),
        (red, Light::Red(Duration::from_millis(1500))),
        (list(&[]), Light::Off),
        (text(""), Light::Off),
    ] {
        assert_eq!(Light::read(answer).unwrap(), expected);
    }
    for wrong in [text("blue"), text("red"), list(&[text("green"), text("red")])] {
        assert!(Light::read(wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_is_absent_is_told_by_its_type() {
    assert_eq!(<Option<Duration>>::read(Value::Int(-1)).unwrap(), None);
    assert_eq!(
        <Option<Duration>>::read(Value::Int(0)).unwrap(),
        Some(Duration::ZERO)
    );
    assert_eq!(<Option<String>>::read(text("-1")).unwrap().as_deref(), Some("-1"));
    assert_eq!(<Option<Pair>>::read(list(&[])).unwrap(), None);
    assert!(<Option<Pair>>::read(list(&[text("x")])).is_err());
}

#[test]
fn what_cannot_be_read_spares_the_rest_if_it_may() {
    let values = list(&[Value::Int(1), text("x"), Value::Int(3)]);
    assert!(<Vec<u32>>::read(values.clone()).is_err());
    let read = <Vec<Legible<u32>>>::read(values).unwrap();
    let read: Vec<_> = read.into_iter().map(|Legible(number)| number).collect();
    assert_eq!(read, [Some(1), None, Some(3)]);
    let (first, Rest(rest)) =
        <(String, Rest<u32>)>::read(list(&[text("x"), Value::Int(1), Value::Int(2)])).unwrap();
    assert_eq!((first.as_str(), rest), ("x", vec![1, 2]));
}
