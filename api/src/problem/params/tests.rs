use super::*;
use crate::problem::Problem;

#[test]
fn each_parameter_has_a_name_for_programs_and_a_meaning_for_people() {
    for code in Code::ALL {
        let mut seen = Vec::new();
        for (name, meaning) in code.params() {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphabetic()), "{name}");
            assert!(!meaning.is_empty() && !meaning.ends_with('.'), "{meaning}");
            assert!(!seen.contains(name), "{name} of {code:?}");
            seen.push(name);
        }
    }
}

#[test]
#[should_panic(expected = "max")]
fn a_parameter_that_its_code_does_not_declare_fails_the_tests() {
    drop(Problem::new(Code::NotFound).param("max", 1));
}
