// Renders a Helm chart as Helm does, as far as charts like ours need: Go's templates, sprig's functions, values that went through JSON.
//
// Usage: render CHART VALUES RELEASE NAMESPACE, where VALUES is a file over the chart's own. Prints all manifests; a template that can't
// be rendered is an error.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

type object = map[string]interface{}

func main() {
	chart, values, release, namespace := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	merged := over(read(filepath.Join(chart, "values.yaml")), read(values))
	about := object{}
	// Helm names the chart's fields with capitals.
	for name, value := range read(filepath.Join(chart, "Chart.yaml")) {
		about[strings.ToUpper(name[:1])+name[1:]] = value
	}
	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	must(err)
	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{
		"include": func(name string, data interface{}) (string, error) {
			var out bytes.Buffer
			err := all.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"toYaml": func(value interface{}) (string, error) {
			text, err := yaml.Marshal(value)
			return strings.TrimSuffix(string(text), "\n"), err
		},
		"required": func(what string, value interface{}) (interface{}, error) {
			if value == nil || value == "" {
				return nil, fmt.Errorf("%s", what)
			}
			return value, nil
		},
	})
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(err)
		template.Must(all.New(filepath.Base(file)).Parse(string(text)))
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "_") {
			continue
		}
		root := object{
			"Values":  merged,
			"Chart":   about,
			"Release": object{"Name": release, "Namespace": namespace, "Service": "Helm", "IsInstall": true},
		}
		var out bytes.Buffer
		must(all.ExecuteTemplate(&out, name, root))
		if strings.Contains(out.String(), "<no value>") {
			must(fmt.Errorf("%s asks for a value that there isn't", name))
		}
		if filepath.Ext(name) == ".yaml" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, out.String())
		}
	}
}

// read returns what a file of YAML has, with the types that JSON knows.
func read(path string) object {
	text, err := os.ReadFile(path)
	must(err)
	var plain object
	must(yaml.Unmarshal(text, &plain))
	encoded, err := json.Marshal(plain)
	must(err)
	var values object
	must(json.Unmarshal(encoded, &values))
	return values
}

// over returns what is below, and in its place what is above.
func over(below, above object) object {
	for name, value := range above {
		inner, isObject := value.(object)
		known, wasObject := below[name].(object)
		if isObject && wasObject {
			value = over(known, inner)
		}
		below[name] = value
	}
	return below
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
