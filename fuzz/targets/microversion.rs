#![no_main]

#[expect(dead_code, reason = "the other targets'")]
mod tried;

libfuzzer_sys::fuzz_target!(|input: &[u8]| tried::microversion(input));
