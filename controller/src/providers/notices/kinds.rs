//! What texts are called by what they are about, where that is more than a topic that somebody chooses.

/// What a text is called that nobody can choose not to get.
pub const SECURITY: &str = "security";
/// What a text is called that is about what the business pays the platform.
pub const BILLING: &str = "billing";
/// What a text is called that tells owners how their business stands.
pub const STANDING: &str = "standing";
