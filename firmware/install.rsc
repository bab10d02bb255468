# Mnara on a MikroTik router: installs what a site needs. Made for RouterOS {{ version }}, {{ arch.name() }}, {{ mode.name() }}.
#
# Put the folder mnara/ on the router (into flash/ where there is one) and import this file: /import file-name=mnara/install.rsc
# It may be imported again at any time, and remove.rsc takes back what it did. README.txt says more.
#
# Passwords are made on the router and are in no file. A value does not live from one line of an imported file to the next, so all of
# it is one block.
{
:local server {{ q(hotspot) }}
:local portal {{ q(agent) }}
:local port "8080"

# What must be right before anything is changed.
:local found [/ip/hotspot/find where name=$server]
:if ([:len $found] = 0) do={ :error "mnara: no hotspot server has this name; /ip/hotspot/print shows them, /ip/hotspot/setup makes one" }
:local architecture [/system/resource/get architecture-name]
:if ($architecture != {{ q(arch.routeros()) }}) do={ :error ("mnara: these files are for another processor; this router has " . $architecture) }
:local pages ""
:if ([:len [/file/find where name="mnara/hotspot/login.html"]] > 0) do={ :set pages "mnara/hotspot" }
:if ([:len [/file/find where name="flash/mnara/hotspot/login.html"]] > 0) do={ :set pages "flash/mnara/hotspot" }
:if ($pages = "") do={ :error "mnara: put the folder mnara with all its files on the router first" }
:if ($pages = "mnara/hotspot" && [:len [/file/find where name="flash"]] > 0) do={ :error "mnara: this router loses what is outside flash at a restart; put the folder mnara into flash" }
{% if mode.is_container() %}
:local allowed true
:do { :set allowed [/system/device-mode/get container] } on-error={}
:if ($allowed = false) do={ :error "mnara: containers are switched off; /system/device-mode/update mode=advanced container=yes, then switch the power off and on within five minutes" }
:local disk {{ q(disk) }}
:local image ($disk . "/" . {{ q(image) }})
:local running [/container/find where comment="mnara:agent"]
:if ([:len $running] = 0 && [:len [/file/find where name=$image]] = 0) do={ :error ("mnara: put the agent's image on the router first, as " . $image) }
{% endif %}

# How it was, for remove.rsc: kept once, before the first change.
:local keep do={
  :if ([:len [/system/script/find where name=$1]] = 0) do={
    /system/script/add name=$1 source=$2 policy=read dont-require-permissions=no comment="mnara:was"
  }
}
:local profile [/ip/hotspot/get $found profile]
:if ($profile != "mnara") do={ $keep "mnara-was-profile" [:tostr $profile] }
:local pool [:tostr [/ip/hotspot/get $found address-pool]]
:if ([:len $pool] = 0) do={ :set pool "none" }
$keep "mnara-was-pool" $pool
$keep "mnara-was-server" $server
:local addresses ""
:foreach one in=[/ip/service/get api-ssl address] do={
  :if ([:len $addresses] > 0) do={ :set addresses ($addresses . ",") }
  :set addresses ($addresses . [:tostr $one])
}
$keep "mnara-was-service-address" $addresses
:local certificate [:tostr [/ip/service/get api-ssl certificate]]
:if ([:len $certificate] = 0) do={ :set certificate "none" }
$keep "mnara-was-service-certificate" $certificate
:local off "no"
:if ([/ip/service/get api-ssl disabled] = true) do={ :set off "yes" }
$keep "mnara-was-service-disabled" $off

{% if mode.is_container() %}
# A network of its own for the agent.
:local own "172.31.255.1"
:if ([:len [/interface/veth/find where name="veth-mnara"]] = 0) do={
  /interface/veth/add name=veth-mnara address=172.31.255.2/30 gateway=172.31.255.1 comment="mnara:agent"
}
:if ([:len [/interface/bridge/find where name="br-mnara"]] = 0) do={
  /interface/bridge/add name=br-mnara comment="mnara:agent"
}
:if ([:len [/interface/bridge/port/find where interface="veth-mnara"]] = 0) do={
  /interface/bridge/port/add bridge=br-mnara interface=veth-mnara comment="mnara:agent"
}
:if ([:len [/ip/address/find where interface="br-mnara"]] = 0) do={
  /ip/address/add address=172.31.255.1/30 interface=br-mnara comment="mnara:agent"
}
{% else %}
# The address by which the box reaches this router.
:local interface [/ip/hotspot/get $found interface]
:local own ""
:foreach one in=[/ip/address/find where interface=$interface and disabled=no] do={
  :if ($own = "") do={ :set own [:tostr [/ip/address/get $one address]] }
}
:if ($own = "") do={ :error "mnara: the hotspot's interface has no address" }
:set own [:pick $own 0 [:find $own "/"]]
{% endif %}

# A certificate, without which the API over TLS takes anybody. The agent is told its fingerprint.
:if ([:len [/certificate/find where name="mnara-api"]] = 0) do={
  /certificate/add name=mnara-api common-name=$own subject-alt-name=("IP:" . $own) key-size=2048 days-valid=3650 key-usage=tls-server
  /certificate/sign [/certificate/find where name="mnara-api"]
}
:local waited 0
:while ($waited < 120 && [:len [/certificate/find where name="mnara-api" and private-key=yes]] = 0) do={
  :delay 1s
  :set waited ($waited + 1)
}
:if ([:len [/certificate/find where name="mnara-api" and private-key=yes]] = 0) do={ :error "mnara: the certificate is not signed yet; import this file again in a minute" }
:local pin [/certificate/get [/certificate/find where name="mnara-api"] fingerprint]

# The agent's user: it may do what it needs, from its own address only.
:if ([:len [/user/group/find where name="mnara"]] = 0) do={
  /user/group/add name=mnara policy=api,read,write,test,sensitive,!local,!telnet,!ssh,!ftp,!reboot,!policy,!winbox,!password,!web,!sniff,!romon,!rest-api comment="mnara:agent"
} else={
  /user/group/set [/user/group/find where name="mnara"] policy=api,read,write,test,sensitive,!local,!telnet,!ssh,!ftp,!reboot,!policy,!winbox,!password,!web,!sniff,!romon,!rest-api
}
:local password [:rndstr length=32 from="abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"]
:if ([:len [/user/find where name="mnara"]] = 0) do={
  /user/add name=mnara group=mnara password=$password address=($portal . "/32") comment="mnara:agent"
} else={
  /user/set [/user/find where name="mnara"] group=mnara password=$password address=($portal . "/32")
}
/ip/service/set api-ssl certificate=mnara-api address=($portal . "/32") tls-version=only-1.2 disabled=no

# What firewalls might stand in the way of: before every rule that is not the router's own.
:local first [/ip/firewall/filter/find where !dynamic]
/ip/firewall/filter/remove [/ip/firewall/filter/find where comment~"^mnara:"]
:set first [/ip/firewall/filter/find where !dynamic]
:if ([:len $first] = 0) do={
  /ip/firewall/filter/add chain=input action=accept src-address=$portal protocol=tcp dst-port=8729 comment="mnara:api"
  /ip/firewall/filter/add chain=forward action=accept protocol=tcp dst-address=$portal dst-port=$port comment="mnara:portal"
  /ip/firewall/filter/add chain=forward action=accept src-address=$portal comment="mnara:agent"
} else={
  /ip/firewall/filter/add chain=input action=accept src-address=$portal protocol=tcp dst-port=8729 place-before=[:pick $first 0] comment="mnara:api"
  /ip/firewall/filter/add chain=forward action=accept protocol=tcp dst-address=$portal dst-port=$port place-before=[:pick $first 0] comment="mnara:portal"
  /ip/firewall/filter/add chain=forward action=accept src-address=$portal place-before=[:pick $first 0] comment="mnara:agent"
}
# The portal knows a phone by the address it comes from, so nothing may be translated on the way to it.
/ip/firewall/nat/remove [/ip/firewall/nat/find where comment~"^mnara:"]
:local before [/ip/firewall/nat/find where !dynamic]
:if ([:len $before] = 0) do={
  /ip/firewall/nat/add chain=srcnat action=accept dst-address=$portal comment="mnara:portal"
} else={
  /ip/firewall/nat/add chain=srcnat action=accept dst-address=$portal place-before=[:pick $before 0] comment="mnara:portal"
}
{% if mode.is_container() %}
/ip/firewall/nat/add chain=srcnat action=masquerade src-address=$portal out-interface=!br-mnara comment="mnara:agent"
{% endif %}

# A phone that is not logged in may reach the portal, and nothing else.
:local accept [/ip/hotspot/walled-garden/ip/find where comment="mnara:portal"]
:if ([:len $accept] = 0) do={
  /ip/hotspot/walled-garden/ip/add action=accept protocol=tcp dst-address=$portal dst-port=$port comment="mnara:portal"
} else={
  /ip/hotspot/walled-garden/ip/set $accept action=accept protocol=tcp dst-address=$portal dst-port=$port disabled=no
}
{% if !mode.is_container() %}
# The box itself needs no voucher.
:local bypass [/ip/hotspot/ip-binding/find where comment="mnara:agent"]
:if ([:len $bypass] = 0) do={
  /ip/hotspot/ip-binding/add address=$portal type=bypassed comment="mnara:agent"
} else={
  /ip/hotspot/ip-binding/set $bypass address=$portal type=bypassed disabled=no
}
{% endif %}

# A profile of our own, made after the present one. If the folder is missing the router shows its own pages, which take codes too.
:if ([:len [/ip/hotspot/profile/find where name="mnara"]] = 0) do={
  /ip/hotspot/profile/add copy-from=[/ip/hotspot/profile/find where name=$profile] name=mnara
}
/ip/hotspot/profile/set [/ip/hotspot/profile/find where name="mnara"] html-directory-override=$pages login-by=http-pap,http-chap use-radius=no
# Without address translation between phone and router, or the portal would see another address than the host table.
/ip/hotspot/set $found profile=mnara address-pool=none

# While the agent is away the router shows its own pages.
/tool/netwatch/remove [/tool/netwatch/find where comment="mnara:portal"]
/tool/netwatch/add type=tcp-conn host=$portal port=$port interval=30s timeout=3s comment="mnara:portal" \
  up-script=("/ip/hotspot/profile/set [find where name=mnara] html-directory-override=" . $pages) \
  down-script="/ip/hotspot/profile/set [find where name=mnara] html-directory-override=\"\""

{% if mode.is_container() %}
# The agent.
/container/envs/remove [/container/envs/find where {{ names.env_key }}="MNARA"]
{% if let Some(claim) = claim %}
/container/envs/add {{ names.env_key }}=MNARA key=MNARA_CONTROLLER value={{ q(claim.controller) }}
/container/envs/add {{ names.env_key }}=MNARA key=MNARA_CLAIM value={{ q(claim.code) }}
/container/envs/add {{ names.env_key }}=MNARA key=MNARA_IDENTITY value={{ q(claim.identity) }}
{% endif %}
/container/envs/add {{ names.env_key }}=MNARA key=MNARA_ROUTER value=("tls://mnara@" . $own . ":8729")
/container/envs/add {{ names.env_key }}=MNARA key=MNARA_ROUTER_PIN value=$pin
/container/envs/add {{ names.env_key }}=MNARA key=MNARA_ROUTER_PASSWORD value=$password
:if ([:len [/container/mounts/find where {{ names.mount_key }}="MNARA"]] = 0) do={
  /container/mounts/add {{ names.mount_key }}=MNARA src=($disk . "/mnara-agent/data") dst=/data
}
:if ([:len $running] = 0) do={
  /container/add file=$image interface=veth-mnara root-dir=($disk . "/mnara-agent/root") cmd="run" {{ names.env_ref }}=MNARA {{ names.mount_ref }}=MNARA dns=1.1.1.1 hostname=mnara logging=yes start-on-boot=yes{{ names.extras }} comment="mnara:agent"
} else={
  :do { /container/stop $running } on-error={}
  :delay 12s
}
# Unpacking takes a while on a slow disk; until then it cannot start.
:local tries 0
:local started false
:while ($tries < 60 && !$started) do={
  :delay 5s
  :do {
    /container/start [/container/find where comment="mnara:agent"]
    :set started true
  } on-error={ :set tries ($tries + 1) }
}
:if (!$started) do={ :error "mnara: the agent does not start; /log/print where topics~\"container\" says why" }
{% if names.watched %}
# This version does not start a container again by itself.
/system/scheduler/remove [/system/scheduler/find where name="mnara-agent"]
/system/scheduler/add name=mnara-agent interval=2m on-event="/container/start [/container/find where comment=\"mnara:agent\" and status=\"stopped\"]" policy=read,write,test comment="mnara:agent"
{% endif %}
:put ("mnara: installed for " . {{ q(site) }})
{% else %}
:put ("mnara: the router is ready for " . {{ q(site) }} . ". On the box, as root, type these lines; the password is shown only now:")
:put ("printf %s " . $password . " > router-password")
{% match claim %}
{% when Some with (claim) %}
:put ("mnara-agent enrol --controller " . {{ q(claim.controller) }} . " --claim " . {{ q(claim.code) }} . " --identity " . {{ q(claim.identity) }} . " --router tls://mnara@" . $own . ":8729 --router-pin " . $pin . " --router-password-file router-password")
{% when None %}
:put ("the line from the page of the site, with this at its end: --router tls://mnara@" . $own . ":8729 --router-pin " . $pin . " --router-password-file router-password")
{% endmatch %}
:put "mnara-agent run"
{% endif %}
}
