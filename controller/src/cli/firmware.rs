//! `mnara-controller firmware …`: what goes onto a router, written into a folder. Needs no database.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::config::AgentUrl;
use crate::fleet::firmware::{
    Arch, BOX, Claim, DISK, File, Mode, Order, RouterOs, disk, fetched, image, render,
};

/// The file with the line for a router's terminal.
const LINE: &str = "line.rsc";
/// What every such line has in it.
const OURS: &str = "dst-path=mnara-install.rsc";

/// What to do with firmware.
#[derive(Debug, Subcommand)]
pub enum FirmwareCommand {
    /// Writes install and remove scripts and the hotspot's pages for one router.
    Render(Box<RenderArgs>),
    /// Writes what `MNARA_AGENT_URL` offers for one processor: the agent's image for routers, and the program for Linux boxes.
    Image(ImageArgs),
}

/// A router's processor.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ArchArg {
    Arm,
    Arm64,
    X86,
}

impl From<ArchArg> for Arch {
    fn from(arch: ArchArg) -> Self {
        match arch {
            ArchArg::Arm => Self::Arm,
            ArchArg::Arm64 => Self::Arm64,
            ArchArg::X86 => Self::X86,
        }
    }
}

/// Where the agent runs.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeArg {
    /// In a container on the router.
    Container,
    /// On a Linux box beside it.
    Sitebox,
}

/// What the files are for.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The router's version, as /system/resource/print shows it.
    #[arg(long)]
    routeros: RouterOs,
    /// Its processor.
    #[arg(long)]
    arch: ArchArg,
    /// Where the agent runs.
    #[arg(long)]
    mode: ModeArg,
    /// The folder to write into; it is made if it is missing.
    #[arg(long)]
    out: PathBuf,
    /// The site's name.
    #[arg(long, default_value = "this site")]
    site: String,
    /// The hotspot's name on the router.
    #[arg(long, default_value = "hotspot1")]
    hotspot: String,
    /// The address of the box, for sitebox: a fixed one in the hotspot's network; 10.5.50.2 if nothing is said.
    #[arg(long = "box")]
    address: Option<String>,
    /// The router's disk for the container; empty for the router's own storage.
    #[arg(long, default_value = DISK, value_parser = disk)]
    disk: String,
    /// Our address, the claim code and the key's fingerprint, from the line that `site claim` printed.
    #[arg(long, requires_all = ["claim", "identity"])]
    controller: Option<String>,
    /// The claim code.
    #[arg(long, requires_all = ["controller", "identity"])]
    claim: Option<String>,
    /// The fingerprint.
    #[arg(long, requires_all = ["controller", "claim"])]
    identity: Option<String>,
    /// As a router fetches it by itself, with the line that makes it do so in line.rsc.
    #[arg(long, requires_all = ["controller", "claim", "identity"])]
    fetched: bool,
}

/// What the agent's files are made of.
#[derive(Debug, Args)]
pub struct ImageArgs {
    /// The processor.
    #[arg(long)]
    arch: ArchArg,
    /// The agent's program for it, built without need of libraries.
    #[arg(long)]
    program: PathBuf,
    /// The folder to write into; it is made if it is missing.
    #[arg(long)]
    out: PathBuf,
}

/// Obeys.
///
/// # Errors
/// When the folder cannot be written.
pub fn run(command: FirmwareCommand, downloads: Option<AgentUrl>) -> anyhow::Result<()> {
    match command {
        FirmwareCommand::Render(args) => {
            let (count, out) = render_into(*args, downloads)?;
            println!("{count} files in {}", out.display());
        }
        FirmwareCommand::Image(args) => {
            for path in image_into(&args)? {
                println!("{}", path.display());
            }
        }
    }
    Ok(())
}

fn render_into(args: RenderArgs, downloads: Option<AgentUrl>) -> anyhow::Result<(usize, PathBuf)> {
    let claim = match (args.controller, args.claim, args.identity) {
        (Some(controller), Some(code), Some(identity)) => Some(Claim {
            controller,
            code,
            identity,
        }),
        (None, None, None) => None,
        _ => bail!("give --controller, --claim and --identity together, or none of them"),
    };
    let mode = match args.mode {
        ModeArg::Container => Mode::Container,
        ModeArg::Sitebox => match args.address {
            Some(address) => Mode::read("sitebox", &address).context("--box")?,
            None => {
                eprintln!("The files are for a box at {BOX}; with --box they are for another.");
                Mode::SiteBox(BOX)
            }
        },
    };
    let order = Order {
        version: args.routeros,
        arch: args.arch.into(),
        mode,
        site: args.site,
        hotspot: args.hotspot,
        disk: args.disk,
        downloads,
        claim,
        fetched: args.fetched,
    };
    let mut files = render(&order).context("the files could not be made")?;
    if let (true, Some(claim)) = (order.fetched, &order.claim) {
        let line = fetched::line(
            &claim.controller,
            &claim.code,
            order.mode,
            &order.hotspot,
            &order.disk,
        );
        files.push(File {
            path: LINE.to_owned(),
            text: line.context("the line could not be made")? + "\n",
        });
    } else {
        forget_line(&args.out.join(LINE))?;
    }
    for file in &files {
        let path = args.out.join(&file.path);
        // A script has the code in it, if there is one.
        let is_secret = order.claim.is_some() && file.path.ends_with(".rsc");
        write(&path, file.text.as_bytes(), is_secret.then_some(0o600))?;
    }
    Ok((files.len(), args.out))
}

/// Removes the line of an earlier call, whose code is not that of the scripts now beside it.
fn forget_line(path: &Path) -> anyhow::Result<()> {
    let is_ours = fs::read_to_string(path).is_ok_and(|text| text.contains(OURS));
    if is_ours {
        fs::remove_file(path)
            .with_context(|| format!("could not remove the old {}", path.display()))?;
    }
    Ok(())
}

fn image_into(args: &ImageArgs) -> anyhow::Result<[PathBuf; 2]> {
    let arch = Arch::from(args.arch);
    let program = fs::read(&args.program)
        .with_context(|| format!("could not read {}", args.program.display()))?;
    let made =
        image(arch, &program).with_context(|| format!("no image of {}", args.program.display()))?;
    let paths = [arch.image(), arch.program()].map(|name| args.out.join(name));
    let [image, copy] = &paths;
    write(image, &made, None)?;
    write(copy, &program, Some(0o755))?;
    Ok(paths)
}

/// Writes a file; one with a mode has that before anything is in it, also where it was there with another.
fn write(path: &Path, bytes: &[u8], mode: Option<u32>) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode.unwrap_or(0o666))
            .open(path)?;
        if let Some(mode) = mode {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        file.write_all(bytes)
    })();
    written.with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(subcommand)]
        command: FirmwareCommand,
    }

    const CLAIM: [&str; 6] = [
        "--controller",
        "https://billing.example.com",
        "--claim",
        "0123",
        "--identity",
        "4567",
    ];

    /// What `firmware render` makes of these words.
    fn rendered(out: &Path, words: &[&str]) -> anyhow::Result<()> {
        let out = out.display().to_string();
        let usual = ["x", "render", "--routeros", "7.24", "--arch", "arm64"];
        let folder = ["--out", out.as_str()];
        let words = usual.iter().chain(&folder).chain(words);
        run(Alone::try_parse_from(words)?.command, None)
    }

    #[test]
    fn a_box_has_an_address_that_a_box_can_have() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        for address in [
            "0.0.0.0",
            "255.255.255.255",
            "127.0.0.1",
            "240.0.0.1",
            "",
            "box",
        ] {
            rendered(&out, &["--mode", "sitebox", "--box", address]).unwrap_err();
        }
        assert!(!out.exists(), "nothing is written for it");
        rendered(&out, &["--mode", "sitebox", "--box", "10.5.50.7"]).unwrap();
        let script = fs::read_to_string(out.join("install.rsc")).unwrap();
        assert!(script.contains(":local portal \"10.5.50.7\""));
    }

    #[test]
    fn a_box_of_which_nothing_is_said_is_where_the_files_say() {
        let folder = tempfile::tempdir().unwrap();
        rendered(folder.path(), &["--mode", "sitebox"]).unwrap();
        let of = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let script = of("install.rsc");
        let head = script.split("\n{\n").next().unwrap();
        assert!(head.contains("# The box is at 10.5.50.2, "), "{head}");
        assert!(script.contains(":local portal \"10.5.50.2\""));
        assert!(of("README.txt").contains("fixed address 10.5.50.2 in the hotspot's network"));
        assert!(of("hotspot/login.html").contains("http://10.5.50.2:8080/"));
    }

    #[test]
    fn a_disk_is_one_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let says = |disk: &str, said: &str| {
            rendered(folder.path(), &["--mode", "container", "--disk", disk]).unwrap();
            let script = fs::read_to_string(folder.path().join("install.rsc")).unwrap();
            assert!(
                script.contains(&format!(":local disk \"{said}\"\n")),
                "{disk}"
            );
        };
        says("usb1-part1", "usb1-part1");
        says("/usb1/", "usb1");
        says("", "");
        for disk in ["a b", "..", "$x"] {
            rendered(folder.path(), &["--mode", "container", "--disk", disk]).unwrap_err();
        }
    }

    #[test]
    fn a_code_is_for_its_owner_and_goes_when_the_next_files_come() {
        let folder = tempfile::tempdir().unwrap();
        let (install, line) = (folder.path().join("install.rsc"), folder.path().join(LINE));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let container = ["--mode", "container"];
        rendered(folder.path(), &container).unwrap();
        fs::set_permissions(&install, Permissions::from_mode(0o644)).unwrap();

        let claimed = [&container[..], &CLAIM[..]].concat();
        let fetched = [&claimed[..], &["--fetched"][..]].concat();
        rendered(folder.path(), &fetched).unwrap();
        assert_eq!((mode(&install), mode(&line)), (0o600, 0o600));
        assert!(fs::read_to_string(&line).unwrap().contains("0123"));

        rendered(folder.path(), &claimed).unwrap();
        assert!(!line.exists(), "its code is that of other files");
        fs::write(&line, "# somebody's own\n").unwrap();
        rendered(folder.path(), &container).unwrap();
        assert!(line.exists(), "what is not ours stays");
    }

    #[test]
    fn an_image_is_made_of_a_program_for_that_processor_only() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("agent");
        fs::write(&program, "#!/bin/sh\n").unwrap();
        let out = folder.path().join("out");
        let made = image_into(&ImageArgs {
            arch: ArchArg::Arm64,
            program,
            out: out.clone(),
        });
        made.unwrap_err();
        assert!(!out.exists());
    }
}
