package main

import (
	"strings"
	"time"
)

// Pairs of what a browser says and what people call it; the first that fits counts.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR", "Opera"}, {"Firefox", "Firefox"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}}
	systems  = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// deviceName is a name for people, such as `Safari on iPhone`. A hint: every browser may say of itself what it likes.
func deviceName(userAgent string) string {
	find := func(names [][2]string) string {
		for _, name := range names {
			if strings.Contains(userAgent, name[0]) {
				return name[1]
			}
		}
		return ""
	}
	browser, system := find(browsers), find(systems)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser+system != "":
		return browser + system
	default:
		return "Unknown device"
	}
}

// instantText is an instant such as `2026-11-23 20:45 UTC`.
func instantText(instant time.Time) string {
	return instant.UTC().Format("2006-01-02 15:04 UTC")
}
