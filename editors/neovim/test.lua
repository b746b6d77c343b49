-- docs/editors.md, followed to the letter in the Neovim that runs this:
--   nvim --headless --clean -c "luafile editors/neovim/test.lua"
local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"

local function check(what, good)
  if good then return end
  io.stderr:write("neovim: " .. what .. "\n")
  vim.cmd("cquit 1")
end

local function shown(count)
  return vim.wait(10000, function() return #vim.diagnostic.get(0) == count end, 20)
end

local page = table.concat(vim.fn.readfile(here .. "../../docs/editors.md"), "\n")
local heading = vim.fn.has("nvim-0.11") == 1 and "## Neovim (0.11 and later)" or "## Neovim (before 0.11)"
local set_up = page:sub(page:find(heading, 1, true) or #page):match("```lua\n(.-)\n```")
check("docs/editors.md has no set-up below `" .. heading .. "`", set_up)
assert(loadstring(set_up))()

local folder = vim.fn.tempname()
vim.fn.mkdir(folder, "p")
vim.cmd("cd " .. folder)
vim.fn.writefile({ "pipeline orders", "  on wb.fbs.nwe", "  -> crm.o" }, "first.pipe")
vim.cmd("edit first.pipe")
check("the mistakes are not shown", shown(2))
check("the message is another", vim.diagnostic.get(0, { lnum = 1 })[1].message:find("did you mean `wb.fbs.new`?", 1, true))
check("two blanks indent", vim.bo.expandtab and vim.bo.shiftwidth == 2 and vim.bo.commentstring == "# %s")
check("CTRL-X CTRL-O asks another", vim.bo.omnifunc:find("lsp.omnifunc"))
for _, key in ipairs({ "K", "grr", "grn", "gra" }) do check(key .. " does nothing", vim.fn.maparg(key, "n") ~= "") end

local function asked(method, more)
  local params = vim.tbl_extend("force", vim.lsp.util.make_position_params(0, "utf-16"), more or {})
  for _, each in pairs(vim.lsp.buf_request_sync(0, method, params, 10000) or {}) do return each.result end
end

local labels = {}
for _, each in ipairs(asked("textDocument/completion", { position = { line = 2, character = 10 } }).items) do
  labels[each.label] = true
end
check("crm.order is not offered", labels["crm.order"])
vim.api.nvim_buf_set_lines(0, 2, 3, false, { "  -> crm.order" })
check("what was typed does not reach the server", shown(1))

local start = { line = 1, character = 0 }
local mends = asked("textDocument/codeAction", { range = { start = start, ["end"] = start }, context = { diagnostics = {} } })
check("the mend is not offered at the line's beginning", mends[1] and mends[1].title == "Write wb.fbs.new")
vim.lsp.util.apply_workspace_edit(mends[1].edit, "utf-16")
check("the mend mends nothing", shown(0) and vim.fn.getline(2) == "  on wb.fbs.new")
check("nothing is said of the source", asked("textDocument/hover", { position = { line = 1, character = 8 } }))

print("the set-up of docs/editors.md works in this Neovim\n")
vim.cmd("qall!")
