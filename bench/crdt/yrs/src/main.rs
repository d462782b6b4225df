//! Measures yrs on one editing trace: the works of bench_crdt (../main.cpp) that it can do, in the same form.
//!
//!   bench-yrs TRACE    the trace as records: u32 position, u32 deleted, u32 length of the text, the text
//!   bench-yrs --authors FILE | --large FILE | --small FILE    what bench_crdt has written (../inputs.h)
//!
//! Prints one line a work: name, tab, value. Times are the thread's CPU time in ms.

use std::sync::{Arc, Mutex};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::block::ClientID;
use yrs::{Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, TextRef, Transact, Update, UpdateEvent};

const CLIENT: u64 = 3_000_000_001;

struct Edit {
    position: u32,
    deleted: u32,
    text: String,
}

fn cpu_ms() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec that outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

fn least_of(runs: usize, mut work: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..runs {
        let begin = cpu_ms();
        work();
        least = least.min(cpu_ms() - begin);
    }
    least
}

fn print(work: &str, value: f64) {
    println!("{work}\t{value:.4}");
}

fn read_trace(path: &str) -> Vec<Edit> {
    let bytes = std::fs::read(path).expect("the trace cannot be read");
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut edits = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = number(at + 8) as usize;
        let text = String::from_utf8(bytes[at + 12..at + 12 + length].to_vec()).expect("a text is not UTF-8");
        edits.push(Edit { position: number(at), deleted: number(at + 4), text });
        at += 12 + length;
    }
    edits
}

fn new_doc() -> (Doc, TextRef) {
    let mut options = Options::with_client_id(ClientID::new(CLIENT));
    options.offset_kind = OffsetKind::Utf16;
    let doc = Doc::with_options(options);
    let text = doc.get_or_insert_text("text");
    (doc, text)
}

/// Each edit a transaction of its own, whose update is kept.
fn type_all(edits: &[Edit]) -> (Doc, TextRef, Vec<Vec<u8>>) {
    let (doc, text) = new_doc();
    let updates = Arc::new(Mutex::new(Vec::with_capacity(edits.len())));
    let sink = updates.clone();
    doc.observe_update_v1("bench", move |_, event: &UpdateEvent| sink.lock().unwrap().push(event.update.clone()))
        .expect("the updates cannot be observed");
    for edit in edits {
        let mut txn = doc.transact_mut();
        if edit.deleted > 0 {
            text.remove_range(&mut txn, edit.position, edit.deleted);
        }
        if !edit.text.is_empty() {
            text.insert(&mut txn, edit.position, &edit.text);
        }
    }
    let updates = std::mem::take(&mut *updates.lock().unwrap());
    (doc, text, updates)
}

fn apply(doc: &Doc, update: Update) {
    doc.transact_mut().apply_update(update).expect("an update was refused");
}

fn heap_bytes() -> usize {
    // SAFETY: mallinfo2 takes nothing and returns a value.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

fn many_authors(bytes: &[u8]) {
    let mut updates = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        updates.push(&bytes[at + 4..at + 4 + length]);
        at += 4 + length;
    }
    let (doc, _) = new_doc();
    let tenth = updates.len() / 10;
    let timed = |name: Option<&str>, part: &[&[u8]]| {
        let begin = cpu_ms();
        for update in part {
            apply(&doc, Update::decode_v1(update).expect("an update cannot be read"));
        }
        let us = (cpu_ms() - begin) * 1e3;
        let Some(name) = name else { return };
        let bytes: usize = part.iter().map(|update| update.len()).sum();
        let encoded = doc.transact().encode_state_as_update_v1(&StateVector::default());
        print(&format!("{name}_us"), us / part.len() as f64);
        print(&format!("{name}_ns_byte"), us * 1e3 / bytes as f64);
        print(&format!("{name}_document_bytes"), encoded.len() as f64);
    };
    timed(Some("first"), &updates[..tenth]);
    timed(None, &updates[tenth..updates.len() - tenth]);
    timed(Some("last"), &updates[updates.len() - tenth..]);
}

fn large_document(encoded: &[u8]) {
    print("load_ms", least_of(3, || {
        let (doc, _) = new_doc();
        apply(&doc, Update::decode_v1(encoded).expect("the document cannot be read"));
    }));
    let before = heap_bytes();
    let (doc, text) = new_doc();
    apply(&doc, Update::decode_v1(encoded).expect("the document cannot be read"));
    print("heap_bytes", (heap_bytes() - before) as f64);
    let begin = cpu_ms();
    for i in 0..1000 {
        let at = 5_000_000 + if i % 2 == 0 { 0 } else { 500 * i };
        text.insert(&mut doc.transact_mut(), at, "x");
    }
    print("edit_us", (cpu_ms() - begin) * 1e3 / 1000.0);
}

fn small_documents(encoded: &[u8]) {
    let mut documents = Vec::with_capacity(10_000);
    let before = heap_bytes();
    let begin = cpu_ms();
    for _ in 0..10_000 {
        let (doc, _) = new_doc();
        apply(&doc, Update::decode_v1(encoded).expect("a document cannot be read"));
        documents.push(doc);
    }
    print("load_us", (cpu_ms() - begin) * 1e3 / 10_000.0);
    print("heap_bytes", (heap_bytes() - before) as f64 / 10_000.0);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let read = |path: &String| std::fs::read(path).expect("the file cannot be read");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--authors", _] => many_authors(&read(&arguments[1])),
        ["--large", _] => large_document(&read(&arguments[1])),
        ["--small", _] => small_documents(&read(&arguments[1])),
        [trace] => run(trace),
        _ => panic!("give the trace"),
    }
}

fn run(path: &str) {
    let edits = read_trace(path);
    let begin = cpu_ms();
    let (doc, text, updates) = type_all(&edits);
    print("edit_ms", cpu_ms() - begin);

    let since = StateVector::default();
    let (v1, v2) = {
        let txn = doc.transact();
        (txn.encode_state_as_update_v1(&since), txn.encode_state_as_update_v2(&since))
    };
    print("encoded_bytes", v1.len() as f64);
    print("encoded_v2_bytes", v2.len() as f64);
    let shown = text.get_string(&doc.transact());

    print("apply_ms", least_of(2, || {
        let (far, _) = new_doc();
        for update in &updates {
            apply(&far, Update::decode_v1(update).expect("an update cannot be read"));
        }
        assert_eq!(far.transact().encode_state_as_update_v1(&since), v1);
    }));
    // Typing once more would take as long as all the rest.
    let updates: Vec<Vec<u8>> = updates
        .iter()
        .map(|update| Update::decode_v1(update).expect("an update cannot be read").encode_v2())
        .collect();
    print("apply_v2_ms", least_of(2, || {
        let (far, _) = new_doc();
        for update in &updates {
            apply(&far, Update::decode_v2(update).expect("an update cannot be read"));
        }
        assert_eq!(far.transact().encode_state_as_update_v1(&since), v1);
    }));
    drop(updates);
    print("load_ms", least_of(10, || {
        let (far, _) = new_doc();
        apply(&far, Update::decode_v1(&v1).expect("the encoding cannot be read"));
    }));
    print("load_v2_ms", least_of(10, || {
        let (far, _) = new_doc();
        apply(&far, Update::decode_v2(&v2).expect("the encoding cannot be read"));
    }));
    let (loaded, loaded_text) = new_doc();
    apply(&loaded, Update::decode_v1(&v1).expect("the encoding cannot be read"));
    assert_eq!(loaded_text.get_string(&loaded.transact()), shown);
    print("encode_ms", least_of(10, || {
        assert_eq!(loaded.transact().encode_state_as_update_v1(&since).len(), v1.len());
    }));
    print("encode_v2_ms", least_of(10, || {
        assert_eq!(loaded.transact().encode_state_as_update_v2(&since).len(), v2.len());
    }));
}
