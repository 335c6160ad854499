package repo

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// TestVersionFetchesNothing: a go.mod that wants a Go which is not here has it
// neither fetched nor run, a go of the folder is not asked, and no key passed on.
func TestVersionFetchesNothing(t *testing.T) {
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.NotFound(w, nil)
	}))
	defer proxy.Close()
	for k, v := range map[string]string{"GOPROXY": proxy.URL, "GOTOOLCHAIN": "auto", "GOSUMDB": "off", "GOFLAGS": "-modcacherw", "GOMODCACHE": t.TempDir()} {
		t.Setenv(k, v)
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"go.mod": "module m\n\ngo 1.99.0\n\ntoolchain go1.99.1\n"})
	if got := goVersion(dir); got != "" {
		t.Errorf("the version is %q", got)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
	write(t, dir, map[string]string{"go.mod": "module m\n\ngo 1.21\n"})
	if goVersion(dir) == "" {
		t.Error("the Go that is here has no version")
	}

	ran := filepath.Join(t.TempDir(), "ran")
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho x > "+ran+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if got := goVersion(dir); got != "" {
		t.Errorf("the go of the folder says %q", got)
	}
	if _, err := os.Lstat(ran); err == nil {
		t.Error("the go of the folder was run")
	}

	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "go"), []byte("#!/bin/sh\necho go1.2$SSF_KEY\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", elsewhere)
	t.Setenv("SSF_KEY", "s3cret")
	if got := goVersion(dir); got != "go1.2" {
		t.Errorf("a go elsewhere says %q", got)
	}
}
