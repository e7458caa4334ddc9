//! What people write: words of a language, with the frequencies that words have.
//!
//! Three quarters of the words come from a list of the commonest ones, the first of which come most often (Zipf's law); the others are
//! made up of the language's syllables, 20,000 of each language, by the same law. A third of all words are those that mostly follow the
//! one before. Numbers, prices and names stand in between.
//!
//! These numbers are chosen so that the text compresses as what people wrote does. With zstd, bytes of each piece of 324 bytes, in the
//! same languages by the same shares:
//!
//! | | singly, level 3 | 100 at once, level 3 | 1,000 at once, level 3 | level 9 | level 19 |
//! |---|---:|---:|---:|---:|---:|
//! | these texts | 229 | 148 | 125 | 116 | 109 |
//! | manual pages, their prose alone, no sentence twice | 212 | 149 | 122 | 113 | 107 |
//! | the sentences of a web framework's translations, 364 pieces (as many of these texts: 126 at level 9) | 245 | 144 | 115 | 105 | 100 |
//! | dialogues that chatbots are taught with | 208 | 121 | 98 | 90 | 84 |
//!
//! A whole payload of 600 bytes takes 430 singly, and 175, 161 and 151 among 1,000.

use std::sync::OnceLock;

use super::chance::Chance;

/// Words that are made up, in each language.
const RARE: usize = 20_000;

/// A language.
#[derive(Debug)]
pub(super) struct Language {
    /// The commonest words first.
    words: Vec<&'static str>,
    syllables: Vec<&'static str>,
    first_names: Vec<&'static str>,
    last_names: Vec<&'static str>,
    /// How telephone numbers begin.
    dials: &'static str,
    /// What ends a sentence, and what stands between words.
    stop: &'static str,
    space: &'static str,
}

/// How many of a hundred sessions are in the first language, the second, …
const SHARES: [u64; 6] = [45, 15, 14, 10, 11, 5];

impl Language {
    /// One of the languages, as often as it is spoken.
    pub(super) fn any(chance: &mut Chance) -> &'static Self {
        let mut left = chance.below(SHARES.iter().sum());
        for (language, share) in all().iter().zip(SHARES) {
            if left < share {
                return language;
            }
            left -= share;
        }
        unreachable!("the shares make up the sum")
    }

    /// Somebody's first and last name.
    pub(super) fn name(&self, chance: &mut Chance) -> String {
        let first = self.first_names[chance.rank(self.first_names.len())];
        let mut last = self.last_names[chance.rank(self.last_names.len())].to_owned();
        if chance.below(3) == 0 {
            last = capital(&self.rare(chance));
        }
        format!("{first} {last}")
    }

    /// A telephone number.
    pub(super) fn phone(&self, chance: &mut Chance) -> String {
        format!("{}{:09}", self.dials, chance.below(1_000_000_000))
    }

    /// A word.
    pub(super) fn word(&self, chance: &mut Chance) -> String {
        match chance.below(100) {
            0..74 => self.words[chance.rank(self.words.len())].to_owned(),
            74..94 => self.rare(chance),
            94..97 => self.name(chance),
            97 => format!("{}.{:02}", chance.below(300), chance.below(100)),
            _ => chance.below(10_000).to_string(),
        }
    }

    /// A word behind another: a third of them are those that mostly follow it.
    fn after(&self, word: &str, chance: &mut Chance) -> String {
        if word.is_empty() || chance.below(3) > 0 {
            return self.word(chance);
        }
        let known = word
            .bytes()
            .fold(0, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte));
        self.word(&mut Chance::seeded(known + chance.below(2)))
    }

    /// Writes sentences that take so many bytes.
    pub(super) fn write(&self, to: &mut String, bytes: usize, chance: &mut Chance) {
        let end = to.len() + bytes;
        let mut word = String::new();
        while to.len() < end {
            let words = 4 + chance.below(12);
            for number in 0..words {
                word = self.after(&word, chance);
                to.push_str(&if number == 0 { capital(&word) } else { word.clone() });
                let is_last = number + 1 == words;
                to.push_str(match chance.below(12) {
                    _ if is_last => self.stop,
                    0 => ", ",
                    _ => self.space,
                });
            }
        }
        let mut cut = end;
        while !to.is_char_boundary(cut) {
            cut -= 1;
        }
        to.truncate(cut);
        // A character of several bytes may not fit as a whole.
        to.extend(std::iter::repeat_n('!', end - cut));
    }

    /// A word of the tail: the same rank is always the same word.
    fn rare(&self, chance: &mut Chance) -> String {
        let rank = chance.rank(RARE);
        let mut parts = Chance::seeded(rank as u64);
        let count = 2 + parts.below(3);
        (0..count).map(|_| parts.pick(&self.syllables)).collect()
    }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// English, German, Spanish, French, Portuguese, Japanese.
fn all() -> &'static [Language; 6] {
    static ALL: OnceLock<[Language; 6]> = OnceLock::new();
    ALL.get_or_init(|| {
        let spoken = |words: &'static str, others: [&'static str; 3], dials| {
            let [syllables, first_names, last_names] = others.map(|list| list.split_whitespace().collect());
            Language {
                words: words.split_whitespace().collect(),
                syllables,
                first_names,
                last_names,
                dials,
                stop: ". ",
                space: " ",
            }
        };
        let japanese = Language {
            stop: "。",
            space: "",
            ..spoken(include_str!("words/ja.txt"), JAPANESE, "+8190")
        };
        [
            spoken(include_str!("words/en.txt"), ENGLISH, "+1415"),
            spoken(include_str!("words/de.txt"), GERMAN, "+49151"),
            spoken(include_str!("words/es.txt"), SPANISH, "+346"),
            spoken(include_str!("words/fr.txt"), FRENCH, "+336"),
            spoken(include_str!("words/pt.txt"), PORTUGUESE, "+55119"),
            japanese,
        ]
    })
}

/// Syllables, first names, last names.
const ENGLISH: [&str; 3] = [
    "con ter in ing er ex pre sub tion ly ment com per al re de pro un dis ble ness ful age or an ic ty ous ate ent able ver mis ship ward est \
     ish land field stone brook mark wood light hand book line down up over out back fore head sun rain tech soft net ware hub sync",
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica Thomas Sarah Chris \
     Karen Daniel Lisa Matthew Nancy Anthony Betty Mark Sandra Aisha Priya Wei Omar Fatima Chen Raj Olga",
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore \
     Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Khan Patel Nguyen Okafor",
];

const GERMAN: [&str; 3] = [
    "ver be ent er zer ge an auf aus ein vor nach über unter ung heit keit schaft lich isch bar los en er el werk haus bau geld stand fall \
     trag gang zeit raum satz schrift wort kauf markt lauf schluss nahme gabe lage stell zug blick grund stück kraft",
    "Thomas Michael Andreas Peter Stefan Christian Sabine Petra Monika Claudia Anna Lukas Leon Mia Emma Finn Jonas Lena Sophie Jürgen Günther \
     Ayşe Mehmet Katarzyna",
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz \
     Zimmermann Braun Krüger Hofmann Hartmann Lange Yılmaz Nowak",
];

const SPANISH: [&str; 3] = [
    "con des in re ante pro sobre ción dad miento mente ar er ir ado ido oso able ible ista ero era ito ita ca sa ta pa ma na la ra lo po to \
     mo no te me se tra bra gra pla cla fi gu qui cue tie vie pue ñe",
    "María José Antonio Carmen Juan Ana Francisco Isabel Manuel Laura David Lucía Javier Marta Carlos Sofía Miguel Paula Alejandro Elena Xiomara",
    "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero",
];

const FRENCH: [&str; 3] = [
    "con dé re in pré sur sous tion ment eur euse age ance ence able ible ique iste ier ière et ette eau ou ai oi an on un tra bre gre pla cle \
     vi ra ma sa ta pa la ne ve ce ge che gné leu rou",
    "Jean Marie Pierre Nathalie Michel Isabelle Philippe Sylvie Alain Catherine Nicolas Camille Léa Hugo Chloé Lucas Manon Théo Aminata Youssef",
    "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David Bertrand Roux Fournier",
];

const PORTUGUESE: [&str; 3] = [
    "con des in re ante pro sobre ção dade mento mente ar er ir ado ido oso ável ível ista eiro eira inho inha ca sa ta pa ma na la ra lo po \
     to mo não te lhe nha tra bra gra pla cla fi gue quei coi dei",
    "João Maria José Ana Antônio Francisca Paulo Adriana Carlos Juliana Lucas Fernanda Pedro Camila Gabriel Bruna Rafael Letícia Thiago",
    "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Araújo Melo Barbosa Cardoso",
];

const JAPANESE: [&str; 3] = [
    "会 社 員 学 生 電 車 時 間 場 所 新 古 大 小 中 上 下 前 後 国 語 話 書 読 見 行 来 食 飲 買 売 出 入 立 休 作 使 送 受 取 引 開 閉 始 終 品 物 色 \
     形 数 量 高 安 早 遅 多 少 長 短 アプ リ サー ビス デー タ シス テム ログ",
    "翔太 陽菜 大翔 結衣 蓮 葵 健 美咲 直樹 恵子 誠 由美",
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田",
];
