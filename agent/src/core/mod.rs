//! What the site decides, as one pure machine: events in, commands out. It opens nothing, waits for nothing and asks neither the time
//! nor the system; those come in as arguments.

pub mod portal;
