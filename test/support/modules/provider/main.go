// A provider for Terraform with the schemas of hashicorp/aws and no cloud behind it: `terraform validate` checks a module against them, and `terraform apply` shows what
// the module would create. Each computed attribute gets a value that occurs once, so that references can be followed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type attribute struct {
	Type     string
	Required bool
	Computed bool
}

type block struct {
	Attributes map[string]attribute
	Blocks     map[string]block
	Single     bool
	Set        bool
	Required   bool
	Data       bool
}

type schemas struct{ Types map[string]block }

// Names that the service gives where the configuration does not.
var given = map[string]bool{"id": true, "arn": true, "name": true, "uuid": true}

func (a attribute) protocol(name string) *tfprotov5.SchemaAttribute {
	isGiven := a.Computed || (given[name] && !a.Required)
	return &tfprotov5.SchemaAttribute{Name: name, Type: typeOf(a.Type), Required: a.Required, Optional: !a.Required && !a.Computed, Computed: isGiven}
}

func typeOf(name string) tftypes.Type {
	simple := map[string]tftypes.Type{"string": tftypes.String, "number": tftypes.Number, "bool": tftypes.Bool}
	kind, element, isNested := strings.Cut(strings.TrimSuffix(name, ")"), "(")
	if !isNested {
		return simple[name]
	}
	switch kind {
	case "map":
		return tftypes.Map{ElementType: simple[element]}
	case "set":
		return tftypes.Set{ElementType: simple[element]}
	default:
		return tftypes.List{ElementType: simple[element]}
	}
}

func (b block) protocol() *tfprotov5.SchemaBlock {
	result := &tfprotov5.SchemaBlock{}
	for _, name := range sorted(b.Attributes) {
		result.Attributes = append(result.Attributes, b.Attributes[name].protocol(name))
	}
	for _, name := range sorted(b.Blocks) {
		inner := b.Blocks[name]
		nested := &tfprotov5.SchemaNestedBlock{TypeName: name, Block: inner.protocol(), Nesting: tfprotov5.SchemaNestedBlockNestingModeList}
		if inner.Set {
			nested.Nesting = tfprotov5.SchemaNestedBlockNestingModeSet
		}
		if inner.Single {
			nested.MaxItems = 1
		}
		if inner.Required {
			nested.MinItems = 1
		}
		result.BlockTypes = append(result.BlockTypes, nested)
	}
	return result
}

func sorted[T any](from map[string]T) []string {
	names := []string{}
	for name := range from {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

type provider struct {
	tfprotov5.ProviderServer
	known schemas
	count atomic.Int64
}

func (p *provider) schemaOf(name string) *tfprotov5.Schema {
	return &tfprotov5.Schema{Block: p.known.Types[name].protocol()}
}

func (p *provider) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	return nil, fmt.Errorf("not supported")
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	response := &tfprotov5.GetProviderSchemaResponse{
		Provider:          &tfprotov5.Schema{Block: &tfprotov5.SchemaBlock{}},
		ResourceSchemas:   map[string]*tfprotov5.Schema{},
		DataSourceSchemas: map[string]*tfprotov5.Schema{},
	}
	for name, one := range p.known.Types {
		if one.Data {
			response.DataSourceSchemas[name] = p.schemaOf(name)
		} else {
			response.ResourceSchemas[name] = p.schemaOf(name)
		}
	}
	return response, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) PrepareProviderConfig(_ context.Context, request *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (p *provider) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func (p *provider) ValidateResourceTypeConfig(context.Context, *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	return &tfprotov5.ValidateResourceTypeConfigResponse{}, nil
}

func (p *provider) ValidateDataSourceConfig(context.Context, *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return &tfprotov5.ValidateDataSourceConfigResponse{}, nil
}

func (p *provider) PlanResourceChange(_ context.Context, request *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	state, err := p.complete(request.TypeName, request.ProposedNewState, func(string) tftypes.Value {
		return tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	})
	return &tfprotov5.PlanResourceChangeResponse{PlannedState: state}, err
}

func (p *provider) ApplyResourceChange(_ context.Context, request *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	state, err := p.complete(request.TypeName, request.PlannedState, func(attribute string) tftypes.Value {
		return tftypes.NewValue(tftypes.String, fmt.Sprintf("<%s.%s#%d>", request.TypeName, attribute, p.count.Add(1)))
	})
	return &tfprotov5.ApplyResourceChangeResponse{NewState: state}, err
}

func (p *provider) ReadDataSource(_ context.Context, request *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	values := map[string]string{"region": "<region>", "partition": "<partition>", "dns_suffix": "<suffix>", "account_id": "<account>"}
	state, err := p.complete(request.TypeName, request.Config, func(attribute string) tftypes.Value {
		return tftypes.NewValue(tftypes.String, values[attribute])
	})
	return &tfprotov5.ReadDataSourceResponse{State: state}, err
}

// Fills texts that the service gives and that have no value yet.
func (p *provider) complete(name string, dynamic *tfprotov5.DynamicValue, fill func(string) tftypes.Value) (*tfprotov5.DynamicValue, error) {
	schema := p.schemaOf(name)
	value, err := dynamic.Unmarshal(schema.ValueType())
	if err != nil || value.IsNull() {
		return dynamic, err
	}
	members := map[string]tftypes.Value{}
	if err := value.As(&members); err != nil {
		return nil, err
	}
	isData := p.known.Types[name].Data
	for _, attribute := range schema.Block.Attributes {
		current := members[attribute.Name]
		isOpen := attribute.Computed || (isData && attribute.Name == "region")
		if isOpen && attribute.Type.Is(tftypes.String) && (current.IsNull() || !current.IsKnown()) {
			members[attribute.Name] = fill(attribute.Name)
		}
	}
	completed, err := tfprotov5.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), members))
	return &completed, err
}

func main() {
	text, err := os.ReadFile(os.Getenv("PROVIDER_SCHEMAS"))
	if err != nil {
		panic(err)
	}
	served := &provider{}
	if err := json.Unmarshal(text, &served.known); err != nil {
		panic(err)
	}
	if err := tf5server.Serve("hashicorp/aws", func() tfprotov5.ProviderServer { return served }); err != nil {
		panic(err)
	}
}
