# Takes back what install.rsc did, and nothing else. Made for RouterOS {{ version }}, {{ mode.name() }}. It may be imported again at any time.
#
# What stays: vouchers the agent wrote (hotspot users and user profiles named mnara), since customers paid for them, and the files. README.txt
# says how to remove those too.
{
:local was do={
  :local found [/system/script/find where name=$1]
  :if ([:len $found] = 0) do={ :return "" }
  :return [/system/script/get [:pick $found 0] source]
}

# The hotspot gets its profile and its pool back.
:local profile [$was "mnara-was-profile"]
:local pool [$was "mnara-was-pool"]
:if ([:len [/ip/hotspot/profile/find where name=$profile]] = 0) do={ :set profile "default" }
:foreach one in=[/ip/hotspot/find where profile="mnara"] do={
  /ip/hotspot/set $one profile=$profile
}
:if ([:len $pool] > 0 && $pool != "none") do={
  :do { /ip/hotspot/set [/ip/hotspot/find where name=[$was "mnara-was-server"]] address-pool=$pool } on-error={}
}
/tool/netwatch/remove [/tool/netwatch/find where comment="mnara:portal"]
/ip/hotspot/profile/remove [/ip/hotspot/profile/find where name="mnara"]
/ip/hotspot/walled-garden/ip/remove [/ip/hotspot/walled-garden/ip/find where comment="mnara:portal"]
{% if !mode.is_container() %}
/ip/hotspot/ip-binding/remove [/ip/hotspot/ip-binding/find where comment="mnara:agent"]
{% endif %}

{% if mode.is_container() %}
# The agent. It can be removed once it has stopped.
{% if names.watched %}
/system/scheduler/remove [/system/scheduler/find where name="mnara-agent"]
{% endif %}
:local tries 0
:while ($tries < 12 && [:len [/container/find where comment="mnara:agent"]] > 0) do={
  :do { /container/stop [/container/find where comment="mnara:agent"] } on-error={}
  :delay 5s
  :do { /container/remove [/container/find where comment="mnara:agent"] } on-error={}
  :set tries ($tries + 1)
}
:if ([:len [/container/find where comment="mnara:agent"]] > 0) do={ :error "mnara: the agent does not stop; import this file again in a minute" }
/container/mounts/remove [/container/mounts/find where {{ names.mount_key }}="MNARA"]
/container/envs/remove [/container/envs/find where {{ names.env_key }}="MNARA"]
{% endif %}

# Its user, and the service as it was.
/user/remove [/user/find where name="mnara" and comment="mnara:agent"]
/user/group/remove [/user/group/find where name="mnara" and comment="mnara:agent"]
:local off [$was "mnara-was-service-disabled"]
:if ([:len $off] > 0) do={
  :local certificate [$was "mnara-was-service-certificate"]
  :if ([:len [/certificate/find where name=$certificate]] = 0) do={ :set certificate "none" }
  /ip/service/set api-ssl disabled=$off certificate=$certificate address=[$was "mnara-was-service-address"] tls-version=any
}
/certificate/remove [/certificate/find where name="mnara-api"]

/ip/firewall/filter/remove [/ip/firewall/filter/find where comment~"^mnara:"]
/ip/firewall/nat/remove [/ip/firewall/nat/find where comment~"^mnara:"]
{% if mode.is_container() %}
/ip/address/remove [/ip/address/find where interface="br-mnara" and comment="mnara:agent"]
/interface/bridge/port/remove [/interface/bridge/port/find where interface="veth-mnara" and comment="mnara:agent"]
/interface/bridge/remove [/interface/bridge/find where name="br-mnara" and comment="mnara:agent"]
/interface/veth/remove [/interface/veth/find where name="veth-mnara" and comment="mnara:agent"]
{% endif %}
/system/script/remove [/system/script/find where comment="mnara:was"]
:put "mnara: removed"
}
