# Sends the phones of a hotspot to the Mnara portal.
#
# Before: upload the folder hotspot/ of this directory to the router under the name in `pages`, with {{portal}} in its files
# replaced by the portal's address, such as http://10.5.50.2:8080/portal/. On a router that has a folder flash/, only what is in
# there outlives a restart. Then fill in the four values below and import this file. It may be imported again at any time.
#
# The portal is on a box beside the router, or in a container on it: `portal` is the address a phone reaches it by. That address
# must not be translated on the way (no masquerading towards it), since the portal knows a phone by the address it comes from.
#
# A value does not live from one line of an imported file to the next, so all of it is one block.
{
:local server "hotspot1"
:local portal "10.5.50.2"
:local port "8080"
:local pages "flash/mnara"

:local found [/ip/hotspot/find where name=$server]
:if ([:len $found] = 0) do={ :error "no hotspot server has this name" }

# A phone that is not logged in may reach the portal, and nothing else.
:local accept [/ip/hotspot/walled-garden/ip/find where comment="mnara:portal"]
:if ([:len $accept] = 0) do={
  /ip/hotspot/walled-garden/ip/add action=accept protocol=tcp dst-address=$portal dst-port=$port comment="mnara:portal"
} else={
  /ip/hotspot/walled-garden/ip/set $accept action=accept protocol=tcp dst-address=$portal dst-port=$port disabled=no
}

# Without address translation between phone and router, or the portal would see another address than the host table.
/ip/hotspot/set $found address-pool=none

# If the folder is missing the router shows its own pages.
:local profile [/ip/hotspot/get $found profile]
/ip/hotspot/profile/set [/ip/hotspot/profile/find where name=$profile] html-directory-override=$pages
}
