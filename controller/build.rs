//! Makes cargo build again when a migration changes, since `migrate!` reads the folder at build time. Nothing else.

fn main() {
    println!("cargo:rerun-if-changed=../migrations/controller");
}
