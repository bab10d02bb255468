//! Enrolment on the site. What is signed, and the paths, are in `mnara_protocol::enrol`, which the controller uses too.
//! JSON: GET identity → {"keys":[hex],"signature":hex}; POST enrol {"claim","public_key":hex,"software","signature":hex} →
//! {"agent_id","site_id","provider_id","controller_keys":[hex],"controller_time":millis,"proof":hex}; errors are problem documents.
