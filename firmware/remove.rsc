# Takes back what install.rsc did: phones see the router's own pages again, and the portal is no longer open to everybody. The
# pages themselves and the tickets the agent wrote stay; remove them by hand if they are not wanted.
{
:local pages "flash/mnara"

/ip/hotspot/profile/set [/ip/hotspot/profile/find where html-directory-override=$pages] html-directory-override=""
/ip/hotspot/walled-garden/ip/remove [/ip/hotspot/walled-garden/ip/find where comment="mnara:portal"]
}
