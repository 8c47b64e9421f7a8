-- Each refresh token works once: a request takes one from the pool, and the answer puts its successor back.
local pool = {}

function init(args)
  for line in io.lines(args[1]) do pool[#pool + 1] = line end
end

function request()
  local token = table.remove(pool, 1)
  return wrk.format("POST", "/auth/refresh", { ["Content-Type"] = "application/json" }, '{"refresh_token":"' .. (token or "none") .. '"}')
end

function response(status, headers, body)
  local token = string.match(body, '"refresh_?[tT]oken":"([^"]+)"')
  if token then pool[#pool + 1] = token end
end
