"""What tests need and Go has: toolchains, builds, running programs, cores of them."""
