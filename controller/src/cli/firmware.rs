//! `mnara-controller firmware …`: what goes onto a router, written into a folder. Needs no database.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::fleet::firmware::{Arch, Claim, File, Mode, Order, RouterOs, fetched, render};

/// What to do with firmware.
#[derive(Debug, Subcommand)]
pub enum FirmwareCommand {
    /// Writes install and remove scripts and the hotspot's pages for one router.
    Render(Box<RenderArgs>),
}

/// A router's processor.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ArchArg {
    Arm,
    Arm64,
    X86,
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
    /// The address of the box, for sitebox.
    #[arg(long = "box", default_value = "10.5.50.2")]
    address: Ipv4Addr,
    /// The router's disk for the container.
    #[arg(long, default_value = "disk1")]
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

/// Obeys.
///
/// # Errors
/// When the folder cannot be written.
pub fn run(command: FirmwareCommand) -> anyhow::Result<()> {
    let FirmwareCommand::Render(args) = command;
    let claim = match (args.controller, args.claim, args.identity) {
        (Some(controller), Some(code), Some(identity)) => Some(Claim {
            controller,
            code,
            identity,
        }),
        (None, None, None) => None,
        _ => bail!("give --controller, --claim and --identity together, or none of them"),
    };
    let order = Order {
        version: args.routeros,
        arch: match args.arch {
            ArchArg::Arm => Arch::Arm,
            ArchArg::Arm64 => Arch::Arm64,
            ArchArg::X86 => Arch::X86,
        },
        mode: match args.mode {
            ModeArg::Container => Mode::Container,
            ModeArg::Sitebox => Mode::SiteBox(args.address),
        },
        site: args.site,
        hotspot: args.hotspot,
        disk: args.disk,
        claim,
        fetched: args.fetched,
    };
    let mut files = render(&order).context("the files could not be made")?;
    if let (true, Some(claim)) = (order.fetched, &order.claim) {
        let line = fetched::line(&claim.controller, &claim.code, order.mode, &order.hotspot);
        files.push(File {
            path: "line.rsc".to_owned(),
            text: line.context("the line could not be made")? + "\n",
        });
    }
    for file in &files {
        let path = args.out.join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("could not make {}", folder.display()))?;
        }
        fs::write(&path, &file.text)
            .with_context(|| format!("could not write {}", path.display()))?;
    }
    println!("{} files in {}", files.len(), args.out.display());
    Ok(())
}
