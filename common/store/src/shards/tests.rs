use super::*;

fn marks(shards: Option<&str>, growth: Option<&str>) -> StoreFacts {
    StoreFacts {
        shards: shards.map(str::to_owned),
        growth: growth.map(str::to_owned),
        ..StoreFacts::default()
    }
}

#[test]
fn another_number_of_shards_is_refused() {
    let shard = Shard { number: 1, of: 4 };
    assert_eq!(shard.differs(&marks(Some("4"), None)), None);
    assert_eq!(shard.differs(&marks(None, None)), None);
    let refused = shard.differs(&marks(Some("16"), None)).unwrap();
    assert!(
        refused.starts_with("SHARDS is 4, and the store has 16"),
        "{refused}"
    );
    assert!(refused.contains("shards grow"), "{refused}");
}

#[test]
fn while_a_store_grows_programs_may_have_its_shards_of_before_or_all() {
    let growing = marks(Some("4"), Some("16 closed"));
    for (of, is_fine) in [(4, true), (16, true), (8, false)] {
        let differs = Shard { number: 1, of }.differs(&growing);
        assert_eq!(differs.is_none(), is_fine, "{of}");
    }
}

#[test]
fn a_program_that_has_too_few_shards_is_told() {
    let shard = Shard { number: 1, of: 4 };
    assert_eq!(shard.outgrown(Some("4")), None);
    assert_eq!(shard.outgrown(Some("1")), None, "it has those that are to come");
    assert_eq!(shard.outgrown(None), None);
    assert_eq!(shard.outgrown(Some("16")), Some(16));
}
