// Command typetable prints, as JSON, what reading and writing a built-in Kubernetes object as its Go type changes:
// which fields vanish when empty and which hold quantities. See normal.py, which reads the result.
package main

import (
	"encoding"
	"encoding/json"
	"os"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/kubernetes/scheme"
)

// A field is written as "o" when an empty value is left out, then "*" for a list or "%" for a map, then "q" for a
// quantity or "T" and the name of its type. Fields that nothing happens to are not listed.
type table struct {
	Kinds map[string]string            `json:"kinds"`
	Types map[string]map[string]string `json:"types"`
}

var (
	quantity  = reflect.TypeOf(resource.Quantity{})
	marshaler = reflect.TypeOf((*json.Marshaler)(nil)).Elem()
	texter    = reflect.TypeOf((*encoding.TextMarshaler)(nil)).Elem()
)

func name(t reflect.Type) string {
	path := strings.TrimPrefix(strings.TrimPrefix(t.PkgPath(), "k8s.io/api/"), "k8s.io/apimachinery/pkg/apis/")
	return path + "." + t.Name()
}

func (out *table) shape(t reflect.Type) string {
	switch {
	case t == quantity:
		return "q"
	case t.Kind() == reflect.Pointer:
		return out.shape(t.Elem())
	case t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler) || t.Implements(texter):
		return ""
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return "*" + out.shape(t.Elem())
	case t.Kind() == reflect.Map:
		return "%" + out.shape(t.Elem())
	case t.Kind() == reflect.Struct:
		out.walk(t)
		return "T" + name(t)
	}
	return ""
}

func (out *table) walk(t reflect.Type) {
	if _, seen := out.Types[name(t)]; seen {
		return
	}
	fields := map[string]string{}
	out.Types[name(t)] = fields
	out.fields(t, fields)
}

func (out *table) fields(t reflect.Type, into map[string]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		parts := strings.Split(field.Tag.Get("json"), ",")
		if parts[0] == "" && field.Anonymous {
			out.fields(field.Type, into)
			continue
		}
		if parts[0] == "" || parts[0] == "-" {
			continue
		}
		code := ""
		kind := field.Type.Kind()
		if len(parts) > 1 && parts[1] == "omitempty" && kind != reflect.Pointer && kind != reflect.Struct {
			code = "o"
		}
		code += out.shape(field.Type)
		if code != "" && code != "*" && code != "%" {
			into[parts[0]] = code
		}
	}
}

// prune drops types in which nothing happens, and fields that lead to them. It reports whether it dropped any.
func (out *table) prune() bool {
	dropped := false
	for owner, fields := range out.Types {
		for field, code := range fields {
			target := strings.TrimLeft(code, "o*%")
			if _, known := out.Types[strings.TrimPrefix(target, "T")]; target == "" || target == "q" || known {
				continue
			}
			dropped = true
			if delete(fields, field); strings.HasPrefix(code, "o") {
				fields[field] = "o"
			}
		}
		if len(fields) == 0 {
			delete(out.Types, owner)
			dropped = true
		}
	}
	return dropped
}

func main() {
	out := &table{Kinds: map[string]string{}, Types: map[string]map[string]string{}}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		_, isObject := reflect.PointerTo(t).MethodByName("GetObjectMeta")
		if !isObject || gvk.Version == "__internal" || strings.Contains(gvk.Version, "alpha") || strings.Contains(gvk.Version, "beta") {
			continue
		}
		out.Kinds[gvk.GroupVersion().String()+"/"+gvk.Kind] = name(t)
		out.walk(t)
	}
	for out.prune() {
	}
	encoder := json.NewEncoder(os.Stdout)
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}
