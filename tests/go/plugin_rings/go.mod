module plugin_rings

go 1.21
