//! An independent client drives the simulator: what it understands, real clients understand.
