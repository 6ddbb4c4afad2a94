//go:build !cgo

package main

func plantHandles() {}
