//go:build !go1.24

package main

func plantSpecials124(map[string]int) {}
