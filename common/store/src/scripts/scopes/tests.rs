use super::scoped;

#[test]
fn names_that_other_files_mention_outlive_their_file_and_all_others_do_not() {
    let first = "\
-- first: declares.
local MOST, LEAST = 5, 1 -- one is used, so both stay
local FEW = 2
local later -- set by second
local function help(x)
  local inner = x
  return inner + FEW
end
local function serve(x)
  return help(x) + MOST
end
";
    let second = "later = serve(2)\nreturn later\n";
    let expected = "\
local MOST, LEAST, later, serve
do
-- first: declares.
MOST, LEAST = 5, 1 -- one is used, so both stay
local FEW = 2
-- set by second
local function help(x)
  local inner = x
  return inner + FEW
end
function serve(x)
  return help(x) + MOST
end
end
later = serve(2)
return later
";
    assert_eq!(
        scoped(&[first, second, "-- LEAST\n"]),
        format!("{expected}-- LEAST\n")
    );
}

#[test]
fn a_file_that_declares_nothing_or_nothing_for_others_is_left_as_it_is() {
    let plain = "f(1)\n";
    assert_eq!(scoped(&[plain]), plain);
    assert_eq!(scoped(&["local a = 1\n", plain]), "do\nlocal a = 1\nend\nf(1)\n");
}
