// Package worker packs orders of the complete model; nothing runs it.
package worker
