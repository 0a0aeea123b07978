#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smbwho_fuzz::local(data));
