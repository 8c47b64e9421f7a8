-- An account of its own each time.
local number, run = 0, ""

function init(args)
  run = string.sub(args[1], 1, 12)
end

function request()
  number = number + 1
  return wrk.format("POST", "/auth/signup", { ["Content-Type"] = "application/json" },
    '{"email":"new' .. run .. number .. '@example.org","password":"violet tractor lamp nine","given_name":"Alice","family_name":"Example"}')
end
