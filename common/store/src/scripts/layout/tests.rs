use super::laid_out;

const FIRST: &str = "\
-- first: declares.
--
-- And more.

-- What others may have.
local MOST, LEAST = 5, 1 -- one is used
local FEW = 2
local later -- set by second
local state
local texts = {}
local function help(x)
  local inner = x
  return inner + FEW
end

-- Serves.
local function serve(x)
  return help(x) + MOST
end
local part = { RATE = 5 }
part.begin = function(x)
  return x
end
local weigh
do
  local GRAMS = 1000
  function weigh(x)
    return x * GRAMS
  end
end
if later(1) > 0 then
  state = part
else
  state = nil
end
";

const LAID_OUT: &str = "\
local each_call = {}
-- first: declares.
--
-- And more.
local LEAST, later, serve, weigh
do
local MOST, FEW, state, texts, help, part
function help(x)
  local inner = x
  return inner + FEW
end
-- Serves.
function serve(x)
  return help(x) + MOST
end
part = { RATE = 5 }
part.begin = function(x)
  return x
end
do
  local GRAMS = 1000
  function weigh(x)
    return x * GRAMS
  end
end
each_call[#each_call + 1] = function()
-- What others may have.
MOST, LEAST = 5, 1 -- one is used
FEW = 2
state = nil
texts = {}
if later(1) > 0 then
  state = part
else
  state = nil
end
end
end
do
later = function()
  return serve(2) + weigh(LEAST)
end
each_call[#each_call + 1] = function()
return later()
end
end
";

#[test]
fn functions_are_defined_once_and_all_else_runs_with_each_call() {
    let second = "later = function()\n  return serve(2) + weigh(LEAST)\nend\nreturn later()\n";
    assert_eq!(laid_out(&[FIRST, second]), LAID_OUT);
}

#[test]
fn a_file_without_functions_is_one_step() {
    let expected =
        "local each_call = {}\ndo\nlocal a\neach_call[#each_call + 1] = function()\na = 1\nf(a)\nend\nend\n";
    assert_eq!(laid_out(&["local a = 1\nf(a)\n"]), expected);
}
