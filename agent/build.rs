//! Makes a change of the store's migrations a reason to build the agent again; `migrate!` alone is not.

fn main() {
    println!("cargo:rerun-if-changed=../migrations/agent");
}
